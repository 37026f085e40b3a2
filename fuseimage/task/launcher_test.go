package task

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

func TestParseOptions(t *testing.T) {
	for _, c := range []struct {
		args []string
		want options
	}{
		{[]string{"bash", "--root", "x"}, options{root: "/fusion", args: []string{"bash", "--root", "x"}}},
		{[]string{"--root", "/m/", "ls", "-l"}, options{root: "/m", args: []string{"ls", "-l"}}},
		{[]string{"--root=/m", "--", "doctor"}, options{root: "/m", args: []string{"--", "doctor"}}},
		{[]string{"--inside", "--root", "/m", "--", "a"}, options{root: "/m", inside: true, args: []string{"--", "a"}}},
	} {
		if got, err := parseOptions(c.args); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v; want %+v", c.args, got, err, c.want)
		}
	}
	for _, args := range [][]string{{}, {"--root"}, {"--root", "relative", "ls"}, {"--frobnicate", "ls"}, {"--root", "/m"}} {
		if got, err := parseOptions(args); err == nil {
			t.Errorf("%q: %+v, want an error", args, got)
		}
	}
}

// What is no task goes to standard output or error, with the right code, without a mount.
func TestProgram(t *testing.T) {
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"--help"}, 0, "usage: fusion", ""},
		{[]string{"--version"}, 0, "fusion v1", ""},
		{[]string{}, 1, "", "fusion: no command to run"},
		{[]string{"--"}, 1, "", "fusion: no command follows --"},
		{[]string{"--what", "x"}, 1, "", "unknown option --what"},
		{[]string{"mount"}, 1, "", "usage: fusion mount"},
		{[]string{"install"}, 1, "", "usage: fusion install"},
		{[]string{"install", "/nowhere/fusion"}, 1, "", "cannot install"},
		{[]string{"doctor", "--what"}, 1, "", "-what"},
		{[]string{"--root", "/nowhere", "true"}, 1, "", "/nowhere does not exist"},
	} {
		var out, err bytes.Buffer
		code := Program{Version: "v1", Out: &out, Err: &err}.Main(context.Background(), c.args)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(err.String(), c.err) || c.out == "" && out.Len() > 0 {
			t.Errorf("%q: code %d, out %q, err %q; want %d, %q, %q", c.args, code, &out, &err, c.code, c.out, c.err)
		}
	}
}

func TestInstall(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "fusion")
	write(t, dest, "older")
	var errs bytes.Buffer
	if code := (Program{Err: &errs}).install([]string{dest}); code != 0 {
		t.Fatalf("code %d: %s", code, &errs)
	}
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(dest)
	if err != nil || !bytes.Equal(own, got) {
		t.Errorf("%d bytes, %v; want this binary's %d", len(got), err, len(own))
	}
	info, err := os.Stat(dest)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v; want 0755", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dest)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTaskDir(t *testing.T) {
	for _, c := range []struct {
		args []string
		work string
		want control.Key
	}{
		{[]string{"bash", "/fusion/s3/b/work/ab/.command.run"}, "", control.Key{Bucket: "b", Name: "work/ab"}},
		{[]string{"bash", "/fusion/s3/b/work/ab/.command.run"}, "/fusion/s3/c/other", control.Key{Bucket: "b", Name: "work/ab"}},
		{[]string{"ls"}, "/fusion/s3/c/other", control.Key{Bucket: "c", Name: "other"}},
		{[]string{"bash", "/tmp/.command.run"}, "", control.Key{}},
		{[]string{"ls"}, "", control.Key{}},
	} {
		if got := taskDir("/fusion", c.args, c.work); got != c.want {
			t.Errorf("%q with FUSION_WORK=%s: %+v, want %+v", c.args, c.work, got, c.want)
		}
	}
}

func TestPlan(t *testing.T) {
	got := ParseScript(example).plan("/fusion", control.Key{Bucket: "work", Name: "ab/cd"}, false)
	want := control.Task{
		Bucket: "work", Dir: "ab/cd", Declared: true, Outputs: []string{"out*.txt", "dir/**", "it's.txt"},
		Prefetch: []control.Key{{Bucket: "in", Name: "b.txt"}, {Bucket: "in", Name: "a file (1).txt"}, {Bucket: "in", Name: "dir"}, {Bucket: "work", Name: "ab/x.bam"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ParseScript(example).plan("/fusion", control.Key{Bucket: "work", Name: "ab/cd"}, true).Declared {
		t.Error("with all, files that are not declared would not be uploaded")
	}
}

func TestSummary(t *testing.T) {
	r := control.Report{Down: 5 << 30, Up: 1500, Objects: 1, Copies: 2, Requests: 9, Retries: 3, Hits: 3, Misses: 1}
	want := "read 5.0 GiB from S3 (75% of what was read was there already), wrote 1.5 KiB in 1 object and 2 server-side copies, 9 requests, waited 1.23s for the last uploads, 3 retried"
	if got := summary(r, 1234*time.Millisecond); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMetrics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fusion.prom")
	if err := writeMetrics(path, control.Report{Down: 7, Failed: []control.Failure{{}}}, 174, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"fusion_received_bytes 7", "fusion_failed_files 1", "fusion_exit_code 174", "fusion_flush_seconds 2"} {
		if !strings.Contains(string(text), "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// The log keeps what came before it had a place, and a place that fails stops nobody.
func TestLogFile(t *testing.T) {
	l := newLogFile(0)
	l.Info("early")
	var to bytes.Buffer
	l.open(&to)
	l.Info("late")
	l.Debug("not asked for")
	if text := to.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, `"msg":"early"`) || !strings.Contains(text, `"msg":"late"`) {
		t.Errorf("the log holds %q", text)
	}
	l.open(failing{})
	l.Info("lost")
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }
