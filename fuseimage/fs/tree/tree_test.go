package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

func TestObjectAndDirectoryOfOneName(t *testing.T) {
	for _, list := range []bool{false, true} {
		r := newRig(t, newStore(map[string]string{"a": "file", "a/b": "below", "c": "other"}), 1)
		if list {
			r.files()
		}
		f, err := r.find("a")
		if err != nil || !f.Node.IsDir() {
			t.Fatalf("listed %v: %+v %v, want the directory", list, f.Node, err)
		}
		if got := r.files(); !maps.Equal(got, map[string]string{"a/": "", "a/b": "below", "c": "other"}) {
			t.Errorf("listed %v: %v", list, got)
		}
	}
}

func TestR20OddKeys(t *testing.T) {
	long := strings.Repeat("n", 255)
	r := newRig(t, newStore(map[string]string{
		"x//y": "1", "x/../z": "1", "x/./w": "1", "/leading": "1", "x/nul\x00": "1", "x/" + long + "n": "1", "x/\xff": "1", // cannot be names
		"x/fine": "1", "x/ünï": "2", "x/..two": "3", "x/.dot": "4", "x/ ": "5", "x/" + long: "6", "x/a\nb": "7", // can
	}), 1)
	want := map[string]string{"x/": "", "x/fine": "1", "x/ünï": "2", "x/..two": "3", "x/.dot": "4", "x/ ": "5", "x/" + long: "6", "x/a\nb": "7"}
	if got := r.files(); !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDeniedOnTheWay(t *testing.T) {
	store := newStore(map[string]string{"genomes/x/seq.fa": "ACGT", "secret/y": "s"})
	store.denied = func(op, name string) bool {
		return !strings.HasPrefix(name, "genomes/x/") // HEAD and LIST are granted below one prefix only
	}
	r := newRig(t, store, 1)
	if f, err := r.find("genomes/x/seq.fa"); err != nil || !f.Node.IsFile() {
		t.Fatalf("%v %v, want the input", f.Node, err)
	}
	f, err := r.find("secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Names(context.Background(), f.Node.ID); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("listing what is denied: %v, want EACCES", err)
	}
}

func TestRequests(t *testing.T) {
	store := newStore(map[string]string{"work/1/.command.run": "r", "data/a": "1", "data/b": "2", "data/c": "3"})
	r := newRig(t, store, 1, func(c *Config) { c.Owned = []object.Key{{Bucket: bucket, Name: "work/1"}} })
	for _, step := range []struct {
		path string
		want string
	}{
		{"work/1", ""},                          // the way to what is owned exists
		{"work/1/.command.run", "list work/1/"}, // one page tells all of it
		{"work/1/.command.begin", ""},           // also what is not there
		{"data/a", "any data/ any data/a/ head data head data/.fusion.symlinks head data/a"}, // two names: one by one
		{"data/b", "list data/"}, // the second name of a directory: the page
		{"data/c", ""},
		{"data/d", ""},
	} {
		store.asked = nil
		_, _ = r.find(step.path)
		if got := sortedWords(store.asked); got != step.want {
			t.Errorf("%s: asked %q, want %q", step.path, got, step.want)
		}
	}
}

func sortedWords(s []string) string {
	m := map[string]bool{}
	for _, w := range s {
		m[w] = true
	}
	var out []string
	for _, w := range []string{"any data/", "any data/a/", "head data", "head data/.fusion.symlinks", "head data/a", "list data/", "list work/1/"} {
		if m[w] {
			out = append(out, w)
			delete(m, w)
		}
	}
	for w := range m {
		out = append(out, "also "+w)
	}
	return strings.Join(out, " ")
}

func TestExchangeOfObjects(t *testing.T) {
	store := newStore(map[string]string{"a": "A", "b": "B", "d/x": "DX", "e/x": "EX", "e/y": "EY"})
	r := newRig(t, store, 1)
	if err := r.rename("a", "b", unix.RENAME_EXCHANGE); err != nil {
		t.Fatal(err)
	}
	if err := r.rename("d", "e", unix.RENAME_EXCHANGE); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "B", "b": "A", "d/": "", "d/x": "EX", "d/y": "EY", "e/": "", "e/x": "DX"}
	if got := r.files(); !maps.Equal(got, want) {
		t.Fatalf("%v", got)
	}
	if err := r.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	delete(want, "d/")
	delete(want, "e/")
	if !maps.Equal(store.content, want) {
		t.Errorf("S3 holds %v", store.content)
	}
}

// TestLinkOutlivesItsSource: found at random. A file with two names was renamed under one of them, and that name removed
// before its copy was made; the other is its own object by then.
func TestLinkOutlivesItsSource(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, newStore(map[string]string{"a": "A"}), 1)
	f, err := r.find("a")
	if err != nil {
		t.Fatal(err)
	}
	dir, name, err := r.parent("linked")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Link(ctx, f.Node.ID, dir, name); err != nil {
		t.Fatal(err)
	}
	r.queue.work()
	if err := r.rename("a", "b", 0); err != nil {
		t.Fatal(err)
	}
	if err := r.Unlink(ctx, dir, "b"); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := r.files(); !maps.Equal(got, map[string]string{"linked": "A"}) {
		t.Errorf("%v", got)
	}
}

// TestLateCloseCostsNoSecondUpload: the kernel tells of the last close a little after the flush has begun.
func TestLateCloseCostsNoSecondUpload(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, newStore(map[string]string{}), 1)
	dir, name, err := r.parent("out")
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Create(ctx, dir, name, 0o644, Owner{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		r.Release(f.Node, true)
	}()
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if r.queue.given != 1 {
		t.Errorf("the file was to be uploaded %d times, want once", r.queue.given)
	}
}

// TestAnyOrderOfWork: whatever is done to names, and whenever the queue gets round to its work, the tree shows the same
// as before the work, and in the end a fresh tree shows the same as the one that did it.
func TestAnyOrderOfWork(t *testing.T) {
	paths := []string{"a", "b", "c", "d", "a/l", "a/x", "a/y", "b/x", "b/x/z", "c/x"}
	other := func(c *Config) { c.Policy = func(object.Key) upload.Class { return upload.Other } } // links are stored as such
	c := newCache(t)
	rapid.Check(t, func(rt *rapid.T) {
		store := newStore(map[string]string{"a/x": "1", "a/y": "2", "b": "3", "c": "4", "d": "5", "keep": "6", "a/l": "x", "a/.fusion.symlinks": "l\n"})
		r := newRigIn(rt, c, store, rapid.Uint64().Draw(rt, "seed"), other)
		path := func(label string) string { return rapid.SampledFrom(paths).Draw(rt, label) }
		ctx := context.Background()
		for i := range rapid.IntRange(1, 30).Draw(rt, "operations") {
			before := r.files()
			switch op := rapid.SampledFrom([]string{"write", "unlink", "mkdir", "rmdir", "rename", "rename", "exchange", "link", "symlink", "symlink", "work", "work", "flush"}).Draw(rt, "op"); op {
			case "write":
				_ = r.write(path("path"), fmt.Sprintf("content %d", i))
			case "rename", "exchange":
				_ = r.rename(path("from"), path("to"), map[string]uint32{"rename": 0, "exchange": unix.RENAME_EXCHANGE}[op])
			case "link":
				if f, err := r.find(path("from")); err == nil {
					if dir, name, err := r.parent(path("to")); err == nil {
						_, _ = r.Link(ctx, f.Node.ID, dir, name)
					}
				}
			case "symlink":
				if dir, name, err := r.parent(path("path")); err == nil {
					_, _ = r.Symlink(ctx, dir, name, rapid.SampledFrom([]string{"a", "nowhere"}).Draw(rt, "target"), Owner{})
				}
			case "flush":
				if err := r.Flush(ctx); err != nil {
					rt.Fatal(err)
				}
			case "work":
				r.queue.work()
				if after := r.files(); !maps.Equal(before, after) {
					rt.Fatalf("the queue's work changed what is shown from %v to %v", before, after)
				}
			default:
				if dir, name, err := r.parent(path("path")); err == nil {
					switch op {
					case "unlink":
						_ = r.Unlink(ctx, dir, name)
					case "mkdir":
						_, _ = r.Mkdir(ctx, dir, name, 0o755, Owner{})
					case "rmdir":
						_ = r.Rmdir(ctx, dir, name)
					}
				}
			}
			r.checkInvariants(rt)
		}
		shown := r.files()
		if err := r.Flush(ctx); err != nil {
			rt.Fatal(err)
		}
		if again := r.files(); !maps.Equal(shown, again) {
			rt.Fatalf("the flush changed what is shown from %v to %v", shown, again)
		}
		if fresh := newRigIn(rt, c, store, 0).files(); !maps.Equal(shown, fresh) {
			rt.Fatalf("this tree shows %v, a fresh one %v; S3 holds %v", shown, fresh, store.content)
		}
	})
}

// checkInvariants fails when names and inodes do not refer to each other.
func (r *rig) checkInvariants(rt *rapid.T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	named := map[*Node]int{}
	for _, n := range r.nodes {
		if !n.isDir() {
			continue
		}
		if len(n.names) > 1 {
			rt.Fatalf("directory %d has %d names", n.ID, len(n.names))
		}
		for name, e := range n.dir.entries {
			if e.node == nil {
				continue
			}
			named[e.node]++
			if r.nodes[e.node.ID] != e.node {
				rt.Fatalf("%q leads to an inode that was given up", name)
			}
		}
	}
	for _, n := range r.nodes {
		if named[n] != len(n.names) {
			rt.Fatalf("inode %d has %d names and is found under %d", n.ID, len(n.names), named[n])
		}
		if n.isFile() && n.local == nil && n.remote.ETag == "" {
			rt.Fatalf("inode %d has no bytes", n.ID)
		}
	}
}
