package lint_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/lint"
)

// complaints reports what could not be read, and each account: the rest is still linted.
var complaints = lint.Rule{ID: "FG995", Slug: "complaints", Check: func(set *lint.Setup, report *lint.Reporter) {
	for _, p := range set.Problems {
		report.Bytes(p.File, p.At, p.End, "", "", "%s", p.Message)
	}
	for _, o := range set.Kind("ServiceAccount") {
		report.At(o.NameNode(), "", "account %s", o.Name)
	}
}}

// bomb doubles a list in each line: a billion values out of a kilobyte.
func bomb() string {
	var out strings.Builder
	out.WriteString("# nextflow\na0: &a0 [x, x]\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&out, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	return out.String()
}

// TestBadInput: whatever a folder holds, it gives one clear finding, in bounded time and memory, and the rest is still linted.
func TestBadInput(t *testing.T) {
	deep := strings.Repeat(`{"nextflow":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	tests := []struct {
		name, file string
		write      func(path string) error
		want       string // what is said; "" nothing
	}{
		{"binary", "x.yaml", text("nextflow\x00\x01\x02"), "x.yaml:1:1: this file is binary"},
		{"not UTF-8", "x.yaml", text("name: nextflow \xff\n"), "x.yaml:1:1: this file is not UTF-8"},
		{"50 MB", "x.yaml", func(path string) error { return sparse(path, 50<<20) }, "x.yaml:1:1: this file has 50 MiB; files above 5 MiB are not read"},
		{"aliases", "x.yaml", text(bomb()), "x.yaml:2:1: aliases of this YAML document expand to more than a million values; it is not read"},
		{"deep YAML", "x.yaml", text("nextflow: " + strings.Repeat("[", 100_000)), "x.yaml:1:1: this is not YAML: exceeded max depth of 10000"},
		{"an anchor that holds itself", "x.yaml", text("apiVersion: v1\nkind: Pod\nmetadata: &a {name: nextflow, self: *a}\n"), ""},
		{"deep JSON", "x.json", text(deep), "x.json:1:6002: this is not JSON: values nested deeper than 500 levels"},
		{"broken JSON", "x.json", text("{\"nextflow\": 1,}"), "x.json:1:15: this is not JSON: invalid character '}' looking for beginning of object key string"},
		{"cut JSON", "x.json", text("{\"nextflow\": [1"), "x.json:1:16: this is not JSON: it ends in the middle of a value"},
		{"broken YAML", "x.yaml", text("a: nextflow\nb: [1\nc: 2\n"), "x.yaml:2:1: this is not YAML: did not find expected ',' or ']'"},
		{"broken TOML", "x.toml", text("[settings]\na = [1\n"), "x.toml:2:7: this is not TOML: array is incomplete"},
		{"broken configuration", "nextflow.config", text("process {\n  executor = 'k8s\n}\n"), "nextflow.config:2:14: this is not a Nextflow configuration: this string is not closed on its line"},
		{"deep configuration", "nextflow.config", text("process.x = " + strings.Repeat("[", 100_000)), "nextflow.config:1:214: this is not a Nextflow configuration: lists nested deeper than 200 levels"},
		{"empty", "x.yaml", text(""), ""},
		{"only a byte order mark", "x.yaml", text("\uFEFF"), ""},
		{"FIFO", "x.yaml", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "x.yaml:1:1: this file is a named pipe, not a file"},
		{"device", "x.yaml", func(path string) error { return os.Symlink("/dev/zero", path) }, "x.yaml:1:1: this file is a device, not a file"},
		{"dangling link", "x.yaml", func(path string) error { return os.Symlink("nowhere", path) }, ""},
		{"link to itself", "x.yaml", func(path string) error { return os.Symlink("x.yaml", path) }, ""},
		{"link to the folder", "x", func(path string) error { return os.Symlink(".", path) }, ""},
		{"folder named as a file", "x.yaml", func(path string) error { return os.Mkdir(path, 0o700) }, ""},
		{"kustomization of itself", "kustomization.yaml", text("resources: [., good.yaml]\n"), "kustomization.yaml:1:13: this kustomization includes itself"},
		{"kustomization of the aliases", "kustomization.yaml", text("resources: [good.yaml, other/bomb.yaml]\n"), "other/bomb.yaml:2:1: aliases of this YAML document expand to more than a million values; it is not read"},
		{"kustomization that is a list", "kustomization.yaml", text("[1, 2]\n"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			good := strings.ReplaceAll("\uFEFF"+saBase, "\n", "\r\n") // the rest has its own oddities
			if err := os.WriteFile("good.yaml", []byte(good), 0o600); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(test.want, "other/") {
				if err := os.Mkdir("other", 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile("other/bomb.yaml", []byte(bomb()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.write(test.file); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			found, err := lint.Run(lint.Input{Tree: lint.Disk{}, Paths: []string{"."}}, []lint.Rule{complaints}, lint.Options{})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			var said, accounts []string
			for _, f := range found {
				if strings.HasPrefix(f.Message, "account ") {
					accounts = append(accounts, f.Pos.String())
					continue
				}
				said = append(said, fmt.Sprintf("%s: %s", f.Pos, f.Message))
			}
			if got := strings.Join(said, "\n"); got != test.want {
				t.Errorf("said %q, want %q", got, test.want)
			}
			if strings.Join(accounts, "") != "good.yaml:4:9" {
				t.Errorf("the rest gave %q", accounts)
			}
			if took, bytes := time.Since(begin), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || bytes > 200<<20 {
				t.Errorf("it took %v and %d MiB", took, bytes>>20)
			}
		})
	}
}

func text(s string) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(s), 0o600) }
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}

// locked is a disk on which some names are not for us.
type locked struct{ lint.Disk }

func (l locked) ReadFile(name string) ([]byte, error) {
	if strings.HasSuffix(name, "locked.yaml") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return l.Disk.ReadFile(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.HasSuffix(name, "locked.d") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return l.Disk.ReadDir(name)
}

// TestUnreadable: a file or folder without permission is a finding, and the rest is still linted.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"locked.yaml", "locked.d/x.yaml", "good.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(saBase), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := lint.Run(lint.Input{Tree: locked{}, Paths: []string{dir}}, []lint.Rule{complaints}, lint.Options{})
	if err != nil || len(found) != 3 || found[0].Message != "account nextflow-head" || found[1].Message != "this directory cannot be read: permission denied" || found[2].Message != "this file cannot be read: permission denied" {
		t.Errorf("got %v, %v", found, err)
	}
}
