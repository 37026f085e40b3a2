package contract

import (
	"strings"
	"testing"
)

// `fusion mount BUCKET DIR` shows one bucket, and stores what was written when it is told to end.
func TestMountBucket(t *testing.T) {
	s := newStore(t)
	s.put("in/a", "a")
	b := box{Caps: allCaps, DevMode: 0o666, Env: s.environment(), Args: []string{"bash", "-ec", `mkdir /mnt
/opt/fusion mount ` + s.bucket + ` /mnt & pid=$!
until [ -e /mnt/in ]; do sleep 0.02; done
[ "$(ls /mnt)" = in ]; [ "$(cat /mnt/in/a)" = a ]; ln -s in/a /mnt/l; [ "$(cat /mnt/l)" = a ]
mkdir /mnt/out; echo b > /mnt/out/b; mv /mnt/in /mnt/moved; rm /mnt/l
kill $pid; wait $pid`}}
	r := b.start(t)
	if code := r.wait(); code != 0 {
		t.Fatalf("exit code %d; %s%s", code, &r.out, &r.err)
	}
	s.want("out/b", "b\n")
	s.want("moved/a", "a")
	s.absent("in/a")
}

// A launcher on a mount that another process serves asks that one to flush, and does not mount.
func TestControl(t *testing.T) {
	s := newStore(t)
	p := &pod{box: box{Caps: allCaps, DevMode: 0o666}, store: s, t: t, outputs: []string{"out"}}
	p.Env = s.environment()
	p.put(p.key(".command.sh"), "echo said; echo x > out; echo y > scratch; grep -c ' /fusion ' /proc/self/mounts; exit 3")
	p.put(p.key(".command.run"), p.wrapper())
	p.Args = []string{"bash", "-c", `FUSION_CONTROL=/tmp/control /opt/fusion mount /fusion & pid=$!
until [ -S /tmp/control ]; do sleep 0.02; done
FUSION_CONTROL=/tmp/control FUSION_WORK=` + p.path("") + ` /opt/fusion bash ` + p.path(".command.run") + `; code=$?
kill -9 $pid # what is in S3 now is what the launcher waited for
exit $code`}
	r := p.start(t)
	if code := r.wait(); code != 3 {
		t.Errorf("exit code %d, want 3; %s%s", code, &r.out, &r.err)
	}
	p.want(p.key("out"), "x\n")
	p.want(p.key(".exitcode"), "3")
	p.want(p.key(".command.log"), "said\n1\n")
	p.absent(p.key("scratch"))
}

// When the server is gone, the launcher says so and does not claim success.
func TestControlLost(t *testing.T) {
	s := newStore(t)
	p := &pod{box: box{Caps: allCaps, DevMode: 0o666}, store: s, t: t}
	p.Env = s.environment()
	p.Args = []string{"bash", "-c", `FUSION_CONTROL=/tmp/control /opt/fusion mount /fusion & pid=$!
until [ -S /tmp/control ]; do sleep 0.02; done
FUSION_CONTROL=/tmp/control /opt/fusion bash -c "kill -9 $pid; exit 0"`}
	r := p.start(t)
	if code := r.wait(); code != 174 || !strings.Contains(r.said(), "server is gone") {
		t.Errorf("exit code %d, said %q; want 174 and that the server is gone", code, r.said())
	}
}

// R18's neighbour: with an unreachable server the command does not start.
func TestControlAbsent(t *testing.T) {
	b := box{UID: 1000, DevMode: 0o666, Env: map[string]string{"FUSION_CONTROL": "/tmp/none"}, Args: []string{"/opt/fusion", "echo", "ran"}}
	r := b.start(t)
	if code := r.wait(); code != 1 || r.out.String() != "" || !strings.Contains(r.said(), "/tmp/none") {
		t.Errorf("exit code %d, output %q, said %q", code, &r.out, r.said())
	}
}

// A mount whose server was killed is replaced by the next launcher.
func TestStaleMount(t *testing.T) {
	s := newStore(t)
	s.put("in/a", "a")
	b := box{Caps: allCaps, DevMode: 0o666, Env: s.environment(), Args: []string{"bash", "-c", `/opt/fusion mount /fusion & pid=$!
until [ -e /fusion/s3 ]; do sleep 0.02; done
kill -9 $pid; wait $pid
/opt/fusion cat /fusion/s3/` + s.bucket + `/in/a`}}
	r := b.start(t)
	if code := r.wait(); code != 0 || r.out.String() != "a" {
		t.Errorf("exit code %d, output %q, said %q", code, &r.out, &r.err)
	}
}
