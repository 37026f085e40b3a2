package tree

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// symlink makes a link, as the task.
func (r *rig) symlink(target, path string) {
	r.t.Helper()
	dir, name, err := r.parent(path)
	if err == nil {
		_, err = r.Symlink(context.Background(), dir, name, target, Owner{})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// links returns path -> target of the links in a directory.
func (r *rig) links(dir string) map[string]string {
	r.t.Helper()
	f, err := r.find(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	names, err := r.Names(context.Background(), f.Node.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range names {
		if n.Node.isSymlink() {
			out[n.Name], _ = r.Readlink(n.Node)
		}
	}
	return out
}

// TestLinksInS3: a list of names in the directory tells which objects are links, as the vendor's client writes it; the
// list follows what becomes of the links.
func TestLinksInS3(t *testing.T) {
	ctx := context.Background()
	other := func(c *Config) { c.Policy = func(key object.Key) upload.Class { return upload.Other } }
	store := newStore(map[string]string{
		"d/.fusion.symlinks": "old\nstays\nvanished\n", "d/old": "/fusion/s3/bucket/x", "d/stays": "file", "d/file": "bytes", "x": "X",
	})
	// Found one by one, and by a list.
	r := newRig(t, store, 1)
	f, err := r.find("d/old")
	if err != nil || !f.Node.isSymlink() || f.Attr.Size != uint64(len("/fusion/s3/bucket/x")) {
		t.Fatalf("%+v %v, want a link", f.Attr, err)
	}
	want := map[string]string{"old": "/fusion/s3/bucket/x", "stays": "file"}
	if got := newRig(t, store, 1).links("d"); !maps.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	// Changed by a task.
	r = newRig(t, store, 1, other)
	r.symlink("old", "d/new")
	r.symlink("anything", "fresh")
	if err := r.rename("d/old", "d/moved", 0); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time has nothing to do
		if err := r.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.queue.given; n != 6 { // d/old is gone, d/moved, d/new, fresh, two lists
		t.Errorf("%d wishes", n)
	}
	if got := store.content["d/.fusion.symlinks"]; got != "moved\nnew\nstays\n" {
		t.Errorf("the list is %q", got)
	}
	want = map[string]string{"moved": "/fusion/s3/bucket/x", "new": "old", "stays": "file"}
	if got := newRig(t, store, 1).links("d"); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// A file under a link's name is one afterwards, for others too; and without links there is no list.
	r = newRig(t, store, 1, other)
	dir, _, _ := r.parent("d/x")
	for name := range want {
		if err := r.Unlink(ctx, dir, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.write("d/new", "short"); err != nil {
		t.Fatal(err)
	}
	if err := r.rename("fresh", "gone", 0); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(store.content)); !slices.Equal(got, []string{".fusion.symlinks", "d/file", "d/new", "gone", "x"}) {
		t.Errorf("S3 holds %v", got)
	}
	if got := newRig(t, store, 1).files()["d/new"]; got != "short" {
		t.Errorf("%q", got)
	}
}

// TestLinkComesBack: to a name that it had at an earlier flush, and where it is not any more.
func TestLinkComesBack(t *testing.T) {
	ctx := context.Background()
	store := newStore(map[string]string{})
	r := newRig(t, store, 1, func(c *Config) { c.Policy = func(key object.Key) upload.Class { return upload.Other } })
	r.symlink("target", "a")
	for _, move := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "b"}} {
		if err := r.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if err := r.rename(move[0], move[1], 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"b": "target", ".fusion.symlinks": "b\n"}; !maps.Equal(store.content, want) {
		t.Errorf("S3 holds %v, want %v", store.content, want)
	}
}

// TestLinksMoveWithTheirDirectory, and a list that was copied along with files makes no links of them.
func TestLinksMoveWithTheirDirectory(t *testing.T) {
	ctx := context.Background()
	store := newStore(map[string]string{"d/.fusion.symlinks": "l\n", "d/l": "f", "d/f": "F"})
	r := newRig(t, store, 1, func(c *Config) { c.Policy = func(key object.Key) upload.Class { return upload.Other } })
	if err := r.rename("d", "e", 0); err != nil {
		t.Fatal(err)
	}
	dir, name, _ := r.parent("copy")
	if _, err := r.Mkdir(ctx, dir, name, 0o755, Owner{}); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{"copy/.fusion.symlinks": "l\n", "copy/l": "F", "copy/f": "F"} { // cp -rL d copy
		if err := r.write(path, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"e/.fusion.symlinks": "l\n", "e/l": "f", "e/f": "F", "copy/l": "F", "copy/f": "F"}
	if !maps.Equal(store.content, want) {
		t.Errorf("S3 holds %v, want %v", store.content, want)
	}
}
