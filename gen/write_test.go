package gen_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
)

// TestWriteTwice: a second write changes nothing, not even a time.
func TestWriteTwice(t *testing.T) {
	_, tree := build(t, "minimal.cue", example(t, "minimal.cue"))
	dir := t.TempDir()
	if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	before := times(t, dir)
	result, err := tree.Write(dir, gen.WriteOptions{})
	if err != nil || len(result.Written)+len(result.Removed) > 0 {
		t.Errorf("the second write wrote %v and removed %v: %v", result.Written, result.Removed, err)
	}
	after := times(t, dir)
	for path, at := range before {
		if after[path] != at {
			t.Errorf("%s was touched", path)
		}
	}
	if len(before) != len(tree.Files()) {
		t.Errorf("%d files on disk, %d in the tree", len(before), len(tree.Files()))
	}
}

// TestWriteAfterCrash: wherever a write was cut off, each file is whole, old or new, and the next write ends it.
func TestWriteAfterCrash(t *testing.T) {
	_, old := build(t, "minimal.cue", example(t, "minimal.cue"))
	_, next := build(t, "minimal.cue", append(example(t, "minimal.cue"), "runtime: privileged: true\n"...))
	want := map[string]string{}
	for _, f := range next.Files() {
		want[f.Path] = string(f.Data)
	}
	was := map[string]string{}
	for _, f := range old.Files() {
		was[f.Path] = string(f.Data)
	}
	for stop := range len(want) {
		dir := t.TempDir()
		if _, err := old.Write(dir, gen.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		// A write that stops after some files has replaced these and no others, because each goes by rename.
		for i, f := range next.Files() {
			if i < stop && f.Path != gen.SumFile {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f.Path)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, f.Path), f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := next.Write(dir, gen.WriteOptions{}); err != nil {
			t.Fatalf("after a crash at file %d: %v", stop, err)
		}
		for path := range times(t, dir) {
			data, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil || string(data) != want[path] {
				t.Errorf("after a crash at file %d, %s is not the new tree's: %v", stop, path, err)
			}
		}
	}
}

// TestUnwritable: a directory that cannot be written gives an error that names a file, and leaves no temporary file.
func TestUnwritable(t *testing.T) {
	_, tree := build(t, "minimal.cue", example(t, "minimal.cue"))
	dir := t.TempDir()
	blocked := filepath.Join(dir, "base")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil { // a file where a directory must be
		t.Fatal(err)
	}
	_, err := tree.Write(dir, gen.WriteOptions{})
	if err == nil {
		t.Fatal("written")
	}
	for path := range times(t, dir) {
		if filepath.Base(path) != path && path != "base" {
			t.Errorf("%s was left", path)
		}
	}
	var conflict *gen.Conflict
	if !errors.As(err, &conflict) {
		t.Errorf("%T: %v", err, err)
	}
}

// times are the files below dir with their modification times.
func times(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = info.ModTime().UnixNano()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
