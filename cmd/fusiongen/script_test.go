package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the program under both of its names.
func TestMain(m *testing.M) {
	run := func() {
		signal.Ignore(syscall.SIGPIPE)
		c := cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, version: "1.2.3", name: os.Args[0], commands: commands()}
		os.Exit(c.run(context.Background(), os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){"fusiongen": run, "kubectl-fusiongen": run})
}

// TestScript runs the user stories of testdata/script; UPDATE=1 rewrites the outputs that they compare with.
func TestScript(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "smalldisk": smallDisk},
	})
}

// code N COMMAND… runs a command that must exit with N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// smallDisk DIR mounts a file system of 64 KiB there; only root can.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	ts.Defer(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// TestClosedOutput: a reader that goes away ends the program with code 2 and no complaint.
func TestClosedOutput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	var errs strings.Builder
	c := cli{in: strings.NewReader(""), out: w, err: &errs, version: "1.2.3", name: "fusiongen", commands: commands()}
	if got := c.run(t.Context(), []string{"build", "../../examples/minimal.cue"}); got != failed || strings.Contains(errs.String(), "pipe") {
		t.Errorf("code %d, said %q", got, errs.String())
	}
}

// TestInterrupted: an interrupted build writes nothing and says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "deploy")
	var out, errs strings.Builder
	c := cli{in: strings.NewReader(""), out: &out, err: &errs, version: "1.2.3", name: "fusiongen", commands: commands()}
	got := c.run(ctx, []string{"build", "-o", dir, "../../examples/minimal.cue"})
	if _, err := os.Stat(dir); got != failed || !os.IsNotExist(err) || !strings.Contains(errs.String(), "interrupted") || out.Len() > 0 {
		t.Errorf("code %d, directory %v, said %q and printed %q", got, err, errs.String(), out.String())
	}
}
