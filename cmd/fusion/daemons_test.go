package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// daemonVariable makes the test binary the program that it names.
const daemonVariable = "FUSION_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(daemonVariable); name != "" {
		argv := append([]string{name}, os.Args[1:]...)
		os.Exit(run(context.Background(), argv, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// TestDP11SIGTERM: a real process, which registers nowhere, goes within 5 s and says all is well; SIGHUP does not end it.
func TestDP11SIGTERM(t *testing.T) {
	dir := t.TempDir()
	log := &bytes.Buffer{}
	cmd := exec.Command(os.Args[0], "--directory="+dir, "--listen=127.0.0.1:0")
	cmd.Env, cmd.Stderr = append(os.Environ(), daemonVariable+"=fuse-device-plugin"), log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if entries, _ := os.ReadDir(dir); len(entries) == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left in the plugin directory: %v, %v", entries, err)
	}
	if !strings.Contains(log.String(), "restarting as asked") {
		t.Errorf("SIGHUP did nothing: %s", log)
	}
}

// TestWrongFlags: exit code 1 and one sentence.
func TestWrongFlags(t *testing.T) {
	for args, want := range map[string]string{
		"fuse-device-plugin --count=0":       "it must be from 1 to 100000",
		"fuse-device-plugin --resource=fuse": "it must be DOMAIN/NAME",
		"fuse-device-plugin extra":           "takes flags only",
		"fusion-node --node=n":               "is not absolute",
		"fusion-node --scratch=/s --node=":   "set NODE_NAME",
		"nvme-prep --model=Amazon":           "would admit EBS",
		"nvme-prep --wipe=all":               "blank-or-owned or never",
		"nvme-prep --filesystem=btrfs":       "neither xfs nor ext4",
		"nvme-prep --taint=k --node=":        "set NODE_NAME",
		"nvme-prep --mount=/":                "not an absolute path of its own",
	} {
		stderr := &bytes.Buffer{}
		code := run(t.Context(), strings.Fields(args), Streams{Out: &bytes.Buffer{}, Err: stderr})
		if code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %s; want 1 and %q", args, code, stderr, want)
		}
	}
}
