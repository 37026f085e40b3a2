package contract

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// F01: argv, directory and exit code are the child's own, and it sees the mount.
func TestF01Process(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Dir = "/usr"
		p.Args = []string{"/opt/fusion", "bash", "-c", `printf '%s|' "$0" "$@"; pwd; stat -f -c %T /fusion; exit 42`, "zero", "a b", "", "--root"}
		r := p.start(t)
		if code := r.wait(); code != 42 {
			t.Errorf("exit code %d, want 42; %s", code, &r.err)
		}
		if got, want := r.out.String(), "zero|a b||--root|/usr\nfuseblk\n"; got != want && got != "zero|a b||--root|/usr\nfuse\n" {
			t.Errorf("the child saw %q, want %q", got, want)
		}
	})
}

func TestF01Codes(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		for script, want := range map[string]int{"exit 0": 0, "exit 1": 1, "kill -9 $$": 137} {
			p.Args = []string{"/opt/fusion", "bash", "-c", script}
			r := p.start(t)
			if code := r.wait(); code != want {
				t.Errorf("%s: exit code %d, want %d; %s", script, code, want, &r.err)
			}
		}
		p.Args = []string{"/opt/fusion", "no-such-command"}
		r := p.start(t)
		if code := r.wait(); code != 127 || !strings.Contains(r.said(), "no-such-command") {
			t.Errorf("a missing command: exit code %d, said %q", code, r.said())
		}
	})
}

// F01, FL-02: with the image's entrypoint before it, the launcher is called twice and mounts once.
func TestF01Twice(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Args = []string{"/opt/fusion", "/opt/fusion", "bash", "-c", "grep -c ' /fusion ' /proc/self/mounts; mkdir -p " + p.path("") + "; echo x > " + p.path("x") + "; exit 7"}
		r := p.start(t)
		if code := r.wait(); code != 7 || strings.TrimSpace(r.out.String()) != "1" {
			t.Errorf("exit code %d, mounts %q; want 7 and 1; %s", code, &r.out, &r.err)
		}
		p.want(p.key("x"), "x\n")
	})
}

// F20, R13: SIGTERM reaches the task; its exit code and logs are in S3 within the grace period, and the code is 143.
func TestF20Terminated(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["FUSION_GRACE_PERIOD"] = "20s"
		r := p.begin("echo begun; trap 'echo last words; exit 143' TERM; sleep 300 & wait")
		r.await("begun")
		begin := time.Now()
		if err := r.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := r.wait(); code != 143 {
			t.Errorf("exit code %d, want 143; %s", code, &r.err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		p.want(p.key(".exitcode"), "143")
		if log, _ := p.get(p.key(".command.log")); !strings.Contains(log, "begun") {
			t.Errorf(".command.log holds %q", log)
		}
		if out, _ := p.get(p.key(".command.out")); !strings.Contains(out, "begun") {
			t.Errorf(".command.out holds %q", out)
		}
	})
}

// R13: a task that is deaf to SIGTERM is killed in time for its logs to be saved.
func TestR13Deaf(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["FUSION_GRACE_PERIOD"] = "4s"
		r := p.begin("trap '' TERM; echo begun; while :; do sleep 0.1; done")
		r.await("begun")
		begin := time.Now()
		if err := r.cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := r.wait(); code != 143 {
			t.Errorf("exit code %d, want 143; %s", code, &r.err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v of 4 s", took)
		}
		if log, _ := p.get(p.key(".command.log")); !strings.Contains(log, "begun") {
			t.Errorf(".command.log holds %q", log)
		}
	})
}

// At a terminal the command is in the foreground, and the terminal is its own.
func TestTerminal(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Args = []string{"script", "-qec", "/opt/fusion bash -c 'tty; test -t 0 -a -t 1 && ps -o stat= -p $$; exit 5'", "/dev/null"}
		r := p.start(t)
		if code := r.wait(); code != 5 || !strings.Contains(r.out.String(), "/dev/pts/") || !strings.Contains(r.out.String(), "+") {
			t.Errorf("exit code %d, output %q, said %q", code, &r.out, &r.err)
		}
	})
}

// F29: the child's environment is the container's, byte for byte.
func TestF29Environment(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["LD_LIBRARY_PATH"], p.Env["TMPDIR"], p.Env["ODD"] = "/opt/lib", "/tmp", "a\nb=c"
		p.Args = []string{"/opt/fusion", "env", "-0"}
		r := p.start(t)
		if code := r.wait(); code != 0 {
			t.Fatalf("exit code %d; %s", code, &r.err)
		}
		got := strings.Split(strings.TrimSuffix(r.out.String(), "\x00"), "\x00")
		want := slices.Clone(r.cmd.Env)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the child's environment is %q, want %q", got, want)
		}
	})
}

// F30: any uid, with and without CAP_SYS_ADMIN; the child has the rights that the container was given, no more.
func TestF30Rights(t *testing.T) {
	for name, b := range map[string]box{
		"privileged root":        {Caps: allCaps, DevMode: 0o666},
		"root by default":        {Caps: defaultCaps, DevMode: 0o666},
		"root, SETFCAP only":     {Caps: 1 << unix.CAP_SETFCAP, DevMode: 0o600},
		"uid 1000 without caps":  {UID: 1000, DevMode: 0o666},
		"uid 65534 default caps": {UID: 65534, Caps: defaultCaps, DevMode: 0o666},
		"read-only root":         {UID: 1000, DevMode: 0o666, ReadOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			p := &pod{box: b, store: s, t: t}
			p.Env = s.environment()
			p.Args = []string{"/opt/fusion", "sh", "-c", "id -u; id -g; grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status; mkdir -p " + p.path("") + "; echo x > " + p.path("x") + "; cat " + p.path("x")}
			r := p.start(t)
			if code := r.wait(); code != 0 {
				t.Fatalf("exit code %d; %s%s", code, &r.out, &r.err)
			}
			p.want(p.key("x"), "x\n")
			plain := p.box
			plain.Args = p.Args[1:]
			plain.Args[2] = strings.Split(plain.Args[2], "; mkdir")[0] + "; echo x"
			q := plain.start(t)
			if code := q.wait(); code != 0 {
				t.Fatalf("without the launcher: exit code %d; %s", code, &q.err)
			}
			if r.out.String() != q.out.String() {
				t.Errorf("the child saw\n%swithout the launcher it sees\n%s", &r.out, &q.out)
			}
		})
	}
}

// F32: process 1 reaps what the task leaves behind, and ends what would keep the mount busy.
func TestF32Orphans(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		begin := time.Now()
		r := p.task(`for i in 1 2 3; do (sleep 0.1 &); done; sleep 0.6
if ps -e -o stat= | grep Z; then echo zombies; exit 1; fi
(setsid sleep 1000 > held 2>&1 3>&- < /dev/null &)
sleep 0.1`)
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("the orphan held the pod for %v; %s", took, &r.err)
		}
	})
}
