package fs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestRenameFile(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/object", "from S3")
		m.put("work/over", "to be replaced")
		write(t, m.Work+"/local", "written here")
		write(t, m.Work+"/replaced", "old")
		rename(t, m.Work+"/object", m.Work+"/moved")
		rename(t, m.Work+"/local", m.Work+"/over")
		rename(t, m.Work+"/moved", m.Work+"/replaced")
		want(t, m.Work+"/replaced", "from S3")
		want(t, m.Work+"/over", "written here")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/over": "written here", "work/replaced": "from S3"})
		want(t, m.Work+"/replaced", "from S3")
	})
}

func TestRenameFlags(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/a", "content of a")
		m.put("work/b", "content of b")
		write(t, m.Work+"/c", "local c")
		two := func(from, to string, flags uint) error {
			return unix.Renameat2(unix.AT_FDCWD, m.Work+"/"+from, unix.AT_FDCWD, m.Work+"/"+to, flags)
		}
		if err := two("a", "b", unix.RENAME_NOREPLACE); err != unix.EEXIST {
			t.Fatalf("NOREPLACE: %v", err)
		}
		if err := two("a", "absent", unix.RENAME_EXCHANGE); err != unix.ENOENT {
			t.Fatalf("EXCHANGE with nothing: %v", err)
		}
		if err := two("a", "b", unix.RENAME_EXCHANGE); err != nil {
			t.Fatal(err)
		}
		if err := two("b", "c", unix.RENAME_EXCHANGE); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/a", "content of b")
		want(t, m.Work+"/b", "local c")
		want(t, m.Work+"/c", "content of a")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/a": "content of b", "work/b": "local c", "work/c": "content of a"})
	})
}

func TestRenameInACircle(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/d1/x", "one")
		m.put("work/d2/x", "two")
		m.put("work/a", "A")
		m.put("work/b", "B")
		rename(t, m.Work+"/a", m.Work+"/t")
		rename(t, m.Work+"/b", m.Work+"/a")
		rename(t, m.Work+"/t", m.Work+"/b")
		rename(t, m.Work+"/d1", m.Work+"/t")
		rename(t, m.Work+"/d2", m.Work+"/d1")
		rename(t, m.Work+"/t", m.Work+"/d2")
		m.sync()
		all := map[string]string{"work/a": "B", "work/b": "A", "work/d1/x": "two", "work/d2/x": "one"}
		wantObjects(t, m, "work/", all)
		for name, content := range all {
			want(t, m.path(name), content)
		}
	})
}

func TestRenameThereAndBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/a", "A")
		rename(t, m.Work+"/a", m.Work+"/b")
		rename(t, m.Work+"/b", m.Work+"/a")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/a": "A"})
		rename(t, m.Work+"/a", m.Work+"/b")
		m.sync()
		rename(t, m.Work+"/b", m.Work+"/a")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/a": "A"})
		want(t, m.Work+"/a", "A")
	})
}

func TestRenameDirectory(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/dir/1", "one")
		m.put("work/dir/sub/2", "two")
		m.put("work/dir/sub/deep/3", "three")
		mkdir(t, m.Work+"/target")
		if _, err := os.Stat(m.Work + "/dir"); err != nil {
			t.Fatal(err)
		}
		write(t, m.Work+"/dir/sub/local", "four")
		rename(t, m.Work+"/dir", m.Work+"/target/moved")
		if _, err := os.Stat(m.Work + "/dir/1"); !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		mkdir(t, m.Work+"/dir") // again, empty: nothing of the old shows
		if names, err := os.ReadDir(m.Work + "/dir"); err != nil || len(names) != 0 {
			t.Fatalf("%v %v", names, err)
		}
		write(t, m.Work+"/dir/new", "five")
		m.sync()
		all := map[string]string{
			"work/target/moved/1": "one", "work/target/moved/sub/2": "two", "work/target/moved/sub/deep/3": "three",
			"work/target/moved/sub/local": "four", "work/dir/new": "five",
		}
		wantObjects(t, m, "work/", all)
		for name, content := range all {
			want(t, m.path(name), content)
		}
	})
}

func TestRenameRules(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/full/x", "1")
		write(t, m.Work+"/file", "f")
		mkdir(t, m.Work+"/dir/sub")
		mkdir(t, m.Work+"/empty")
		for _, c := range []struct {
			from, to string
			want     error
		}{
			{"dir", "full", syscall.ENOTEMPTY},
			{"dir", "file", syscall.ENOTDIR},
			{"file", "empty", syscall.EISDIR},
			{"dir", "dir/sub/below", syscall.EINVAL},
			{"absent", "x", syscall.ENOENT},
			{"dir", "empty", nil},
		} {
			// rename(2) itself, because os.Rename refuses some of these before the kernel is asked.
			err := unix.Rename(m.Work+"/"+c.from, m.Work+"/"+c.to)
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s to %s: %v, want %v", c.from, c.to, err, c.want)
			}
		}
	})
}

func TestBetweenBuckets(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		write(t, m.Work+"/f", "moved")
		other := filepath.Join(m.Dir, "s3", secondBucket)
		if err := unix.Rename(m.Work+"/f", other+"/f"); err != unix.EXDEV {
			t.Errorf("rename: %v, want EXDEV", err)
		}
		if err := unix.Link(m.Work+"/f", other+"/f"); err != unix.EXDEV {
			t.Errorf("link: %v, want EXDEV", err)
		}
		if err := unix.Rename(other, filepath.Join(m.Dir, "s3", "renamed")); err != unix.EPERM {
			t.Errorf("renaming a bucket: %v, want EPERM", err)
		}
		if err := unix.Rmdir(other); err != unix.EPERM {
			t.Errorf("removing a bucket: %v, want EPERM", err)
		}
		target := filepath.Join(other, filepath.Base(m.Prefix))
		if out, err := exec.Command("mv", m.Work+"/f", target).CombinedOutput(); err != nil {
			t.Fatalf("mv: %v: %s", err, out)
		}
		want(t, target, "moved")
		m.sync()
	})
}

func TestDirectories(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/full/x", "1")
		if err := unix.Rmdir(m.Work + "/full"); err != unix.ENOTEMPTY {
			t.Fatalf("rmdir of a full directory: %v", err)
		}
		if err := unix.Rmdir(m.Work + "/full/x"); err != unix.ENOTDIR {
			t.Fatalf("rmdir of a file: %v", err)
		}
		if err := unix.Unlink(m.Work + "/full"); err != unix.EISDIR {
			t.Fatalf("unlink of a directory: %v", err)
		}
		mkdir(t, m.Work+"/kept/below")
		mkdir(t, m.Work+"/gone")
		if err := os.Mkdir(m.Work+"/gone", 0o755); !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		if err := os.Remove(m.Work + "/gone"); err != nil {
			t.Fatal(err)
		}
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/full/x": "1", "work/kept/below/": ""})
		if err := os.RemoveAll(m.Work + "/kept"); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(m.Work + "/full"); err != nil {
			t.Fatal(err)
		}
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/": ""}) // itself it stays, as a marker
	})
}

func TestSymlinks(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("shared/input", "input")
		m.put("shared/dir/x", "in a directory")
		link := func(target, name string) {
			t.Helper()
			if err := os.Symlink(target, m.Work+"/"+name); err != nil {
				t.Fatal(err)
			}
		}
		link(m.path("shared/input"), "absolute")
		link("../shared/input", "relative")
		link("absolute", "chain")
		link(m.path("shared/dir"), "todir")
		link("nowhere", "dangling")
		for _, name := range []string{"absolute", "relative", "chain"} {
			want(t, m.Work+"/"+name, "input")
		}
		want(t, m.Work+"/todir/x", "in a directory")
		if got, err := os.Readlink(m.Work + "/relative"); err != nil || got != "../shared/input" {
			t.Fatalf("%q %v", got, err)
		}
		if err := os.Symlink("x", m.Work+"/absolute"); !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
		rename(t, m.Work+"/chain", m.Work+"/todir2")
		want(t, m.Work+"/todir2", "input")
	})
}

// TestLinksBetweenTasks: where a task declares no outputs, its links are stored as such, and another mount shows them,
// found by name or in a list.
func TestLinksBetweenTasks(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.NoOutputs = true })
		mkdir(t, m.Work+"/d")
		write(t, m.Work+"/d/file", "bytes")
		for name, target := range map[string]string{"relative": "file", "dangling": "no/where", "todir": "../d"} {
			if err := os.Symlink(target, m.Work+"/d/"+name); err != nil {
				t.Fatal(err)
			}
		}
		m.sync()
		m.sync()
		stored := map[string]string{
			"work/d/file": "bytes", "work/d/relative": "file", "work/d/dangling": "no/where", "work/d/todir": "../d",
			"work/d/.fusion.symlinks": "dangling\nrelative\ntodir\n",
		}
		wantObjects(t, m, "work/", stored)
		if n := m.stats().Client.Requests["PutObject"]; n != int64(len(stored)) {
			t.Errorf("%d uploads of %d objects", n, len(stored))
		}
		for range 2 {
			other := newMount(t, engine)
			d := filepath.Join(other.Dir, "s3", s3test.Bucket, m.Prefix, "work/d")
			want(t, d+"/relative", "bytes")
			want(t, d+"/todir/relative", "bytes")
			names, err := os.ReadDir(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				if link := n.Type() == os.ModeSymlink; link != (n.Name() != "file") || n.Name() == ".fusion.symlinks" {
					t.Errorf("%s: a link %v", n.Name(), link)
				}
			}
			if got, err := os.Readlink(d + "/dangling"); err != nil || got != "no/where" {
				t.Errorf("%q %v", got, err)
			}
			// The names that are written for readers without metadata are enough.
			for _, name := range []string{"relative", "todir"} {
				m.put("work/d/"+name, stored["work/d/"+name])
			}
		}
	})
}

// TestOutputLinksAreMaterialised: what is declared as output and is a link becomes an object with the real bytes;
// links that are no outputs are not persisted.
func TestOutputLinksAreMaterialised(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.Outputs = []string{".out", ".out/x", ".out/deep/y"} })
		m.put("shared/input", "input")
		m.put("shared/dir/x", "X")
		m.put("shared/dir/deep/y", "Y")
		write(t, m.Work+"/scratch", "only local")
		outside := filepath.Join(t.TempDir(), "outside")
		write(t, outside, "of the container")
		for name, target := range map[string]string{
			"staged": m.path("shared/input"), "a.out": "staged", "b.out": "scratch", "c.out": outside,
			"d.out": m.path("shared/dir"), "e.out": "nowhere", "f.out": "f.out",
		} {
			if err := os.Symlink(target, m.Work+"/"+name); err != nil {
				t.Fatal(err)
			}
		}
		m.sync()
		m.sync() // a second time costs nothing and changes nothing
		wantObjects(t, m, "work/", map[string]string{
			"work/a.out": "input", "work/b.out": "only local", "work/c.out": "of the container", "work/d.out/x": "X", "work/d.out/deep/y": "Y",
		})
	})
}

// TestRenameOfNewFilesCostsNoRequest: what S3 does not have yet moves for nothing.
func TestRenameOfNewFilesCostsNoRequest(t *testing.T) {
	m := newMount(t, engines()[0], func(c *serverConfig) { c.Delay = 1 << 40 })
	mkdir(t, m.Work+"/d")
	for i := range 100 {
		write(t, fmt.Sprintf("%s/d/%d", m.Work, i), "x")
	}
	before := m.stats().Client.Requests
	rename(t, m.Work+"/d", m.Work+"/e")
	after := m.stats().Client.Requests
	for op, n := range after {
		if n != before[op] {
			t.Errorf("%d %s", n-before[op], op)
		}
	}
	m.sync()
	if n := m.stats().Client.Requests["PutObject"]; n != 100 {
		t.Errorf("%d uploads for 100 files", n)
	}
	if n := m.stats().Client.Requests["DeleteObject"]; n != 0 {
		t.Errorf("%d deletes of what never was", n)
	}
}
