package task

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// run runs a shell script as a Child and returns the result and what it printed on either stream.
func run(t *testing.T, script string, signals <-chan os.Signal, grace time.Duration) (Result, string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	result, err := Child{Args: []string{"bash", "-c", script, "name", "a b", ""}, Files: []*os.File{null, out, out}, Grace: grace}.Run(signals)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return result, string(text)
}

func TestChildCode(t *testing.T) {
	for script, code := range map[string]int{"exit 0": 0, "exit 42": 42, "kill -9 $$": 137, "kill -TERM $$": 143} {
		if r, _ := run(t, script, nil, time.Second); r.Code != code {
			t.Errorf("%s: code %d, want %d", script, r.Code, code)
		}
	}
}

func TestChildSeesItsArguments(t *testing.T) {
	if _, out := run(t, `printf '%s|' "$0" "$@"; pwd`, nil, time.Second); !strings.HasPrefix(out, "name|a b||/") {
		t.Errorf("the child saw %q", out)
	}
}

func TestChildNotFound(t *testing.T) {
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	if r, err := (Child{Args: []string{"no-such-command"}, Files: files}).Run(nil); err == nil || r.Code != codeNotFound {
		t.Errorf("missing command: code %d, error %v", r.Code, err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := (Child{Args: []string{plain}, Files: files}).Run(nil); err == nil || r.Code != codeNoExec {
		t.Errorf("a file without x: code %d, error %v", r.Code, err)
	}
}

func TestSignalsReachTheGroup(t *testing.T) {
	signals := make(chan os.Signal, 1)
	time.AfterFunc(200*time.Millisecond, func() { signals <- syscall.SIGUSR1 })
	// Both the shell and the process it started, which is no child of ours, must get it.
	r, out := run(t, `(trap 'echo inner; exit' USR1; while :; do sleep 0.02; done) & trap 'echo outer' USR1; wait; wait; exit 3`, signals, time.Second)
	if r.Code != 3 || r.Stopped || !strings.Contains(out, "inner") || !strings.Contains(out, "outer") {
		t.Errorf("code %d, stopped %v, output %q", r.Code, r.Stopped, out)
	}
}

func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		code   int
	}{
		"default":  {"sleep 60", 143},
		"trap":     {"trap 'exit 9' TERM; sleep 60 & wait", 9},
		"deaf":     {"trap '' TERM; sleep 60 & wait; sleep 60", 143},
		"deaf tee": {"trap '' TERM; (sleep 60; echo) | cat", 143},
	} {
		t.Run(name, func(t *testing.T) {
			signals := make(chan os.Signal, 1)
			time.AfterFunc(100*time.Millisecond, func() { signals <- syscall.SIGTERM })
			begin := time.Now()
			r, _ := run(t, c.script, signals, 300*time.Millisecond)
			if r.Code != c.code || !r.Stopped || time.Since(begin) > 20*time.Second {
				t.Errorf("code %d, stopped %v after %v; want %d", r.Code, r.Stopped, time.Since(begin), c.code)
			}
		})
	}
}

// Processes that the workload leaves behind end with it, those that became daemons, too.
func TestOrphansEnd(t *testing.T) {
	_, out := run(t, `(setsid sh -c 'trap "" TERM; echo $$; sleep 60; sleep 60' & ) ; sleep 0.2; exit 0`, nil, time.Second)
	var pid int
	if _, err := io.ReadFull(strings.NewReader(out), make([]byte, 1)); err != nil {
		t.Fatal("the orphan said nothing")
	}
	for _, c := range strings.TrimSpace(out) {
		pid = pid*10 + int(c-'0')
	}
	if err := unix.Kill(pid, 0); err != unix.ESRCH {
		t.Errorf("orphan %d is still there: %v", pid, err)
	}
}

func TestChildIsKilledFirst(t *testing.T) {
	own, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		t.Fatal(err)
	}
	_, out := run(t, "sleep 0.1; cat /proc/self/oom_score_adj", nil, time.Second)
	if out == string(own) && strings.TrimSpace(out) != "1000" {
		t.Errorf("the child's oom_score_adj is %s, like ours", out)
	}
}

func TestTee(t *testing.T) {
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	errors, err := os.Create(filepath.Join(dir, "err"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	tee, err := newTee(&log, out, errors)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Child{Args: []string{"sh", "-c", "echo a; sleep 0.1; echo b >&2; sleep 0.1; echo c"}, Files: append([]*os.File{os.Stdin}, tee.ends...)}.Run(nil)
	if err != nil || r.Code != 0 {
		t.Fatalf("%v, code %d", err, r.Code)
	}
	if err := tee.wait(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"out": "a\nc\n", "err": "b\n"} {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if log.String() != "a\nb\nc\n" {
		t.Errorf("the log holds %q", log.String())
	}
}
