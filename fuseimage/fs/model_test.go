package fs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// TestModel does random operations on the mount and on a directory of the disk, which is the model, and compares each
// result, then all names and contents, then the objects. In between others put and delete objects that the mount has
// not changed.
func TestModel(t *testing.T) {
	var mounts []*mounted
	url := s3test.Atomic(t, os.Getenv(s3Env))
	for _, e := range engines() {
		mounts = append(mounts, newMount(t, e, func(c *serverConfig) {
			c.URL = url
			c.NoOutputs = true
			c.Refresh = time.Millisecond
		}))
	}
	plain := t.TempDir()
	var runs atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := mounts[rapid.IntRange(0, len(mounts)-1).Draw(rt, "engine")]
		name := fmt.Sprintf("shared/run%d", runs.Add(1))
		x := &model{t: rt, m: m, name: name, ours: map[string]bool{}, disk: filepath.Join(plain, name), mnt: m.path(name)}
		x.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"write":    x.write,
			"append":   x.append,
			"truncate": x.truncate,
			"patch":    x.patch,
			"unlink":   x.unlink,
			"mkdir":    x.mkdir,
			"rmdir":    x.rmdir,
			"rename":   x.rename,
			"exchange": x.exchange,
			"link":     x.link,
			"symlink":  x.symlink,
			"read":     x.read,
			"put":      x.put,
			"delete":   x.delete,
			"sync":     func(*rapid.T) { x.sync() },
			"compare":  func(*rapid.T) { x.compare() },
		})
		x.compare()
		x.sync()
		x.compare()
	})
}

// settled is longer than Refresh, which the kernel counts in ticks of up to 10 ms.
const settled = 15 * time.Millisecond

type model struct {
	t         *rapid.T
	m         *mounted
	name      string // of the run's directory, below the prefix
	disk, mnt string // that directory, in the model and in the mount
	ours      map[string]bool
}

// The names that operations draw from: few, so that they meet. What is a file once is none of a directory's names,
// because the S3 server under test, other than S3, cannot hold the keys a and a/b at the same time, not even while one
// goes and the other comes.
var (
	modelFiles = []string{"a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b", "old/1", "old/2", "old/sub/3", "x", "y", "absent/z"}
	modelDirs  = []string{"d", "d/e", "old", "old/sub", "g", "d/old"}
)

func (x *model) path(t *rapid.T, label string) string {
	return rapid.SampledFrom(modelFiles).Draw(t, label)
}

func (x *model) dir(t *rapid.T, label string) string {
	return rapid.SampledFrom(modelDirs).Draw(t, label)
}

// any draws a name of either kind, for operations that fail on one of them.
func (x *model) any(t *rapid.T, label string) string {
	return rapid.SampledFrom(append(modelDirs, modelFiles...)).Draw(t, label)
}

// pair draws two names of one kind.
func (x *model) pair(t *rapid.T) (from, to string) {
	if rapid.Bool().Draw(t, "directories") {
		return x.dir(t, "from"), x.dir(t, "to")
	}
	return x.path(t, "from"), x.path(t, "to")
}

// begin puts objects there before the mount looks.
func (x *model) begin() {
	for _, name := range []string{"keep", "a", "old/1", "old/2", "old/sub/3"} {
		x.outside(name, "from the beginning: "+name)
	}
}

func (x *model) outside(name, content string) {
	if _, err := x.m.tryPut(x.name+"/"+name, content); err != nil {
		x.t.Fatal(err)
	}
	x.must(os.MkdirAll(filepath.Dir(filepath.Join(x.disk, name)), 0o755))
	x.must(os.WriteFile(filepath.Join(x.disk, name), []byte(content), 0o755))
}

func (x *model) must(err error) {
	if err != nil {
		x.t.Fatal(err)
	}
}

// both does one operation on the disk and on the mount, which must fail alike, and notes the names it changed.
func (x *model) both(what string, do func(root string) error, changes ...string) {
	want := errno(do(x.disk))
	got := errno(do(x.mnt))
	if got != want {
		x.t.Fatalf("%s: %v on the mount, %v on the disk", what, got, want)
	}
	if want == 0 {
		for _, name := range changes {
			for ; name != "."; name = filepath.Dir(name) {
				x.ours[name] = true
			}
		}
	}
}

// errno unwraps an error; a success is 0.
func errno(err error) syscall.Errno {
	var e syscall.Errno
	if err != nil && !errors.As(err, &e) {
		panic(err)
	}
	return e
}

func content(t *rapid.T) []byte {
	n := rapid.SampledFrom([]int{0, 1, 100, 5000, 70000}).Draw(t, "size")
	seed := rapid.Byte().Draw(t, "seed")
	p := make([]byte, n)
	for i := range p {
		p[i] = seed + byte(i)
	}
	return p
}

func (x *model) write(t *rapid.T) {
	p, data := x.path(t, "path"), content(t)
	x.both("write "+p, func(root string) error { return os.WriteFile(filepath.Join(root, p), data, 0o644) }, x.target(p)...)
}

// target is what is changed by writing to p: where it leads when it is a link.
func (x *model) target(p string) []string {
	names := []string{p}
	if end, err := filepath.EvalSymlinks(filepath.Join(x.disk, p)); err == nil {
		if rel, err := filepath.Rel(x.disk, end); err == nil {
			names = append(names, rel)
		}
	} else if to, err := os.Readlink(filepath.Join(x.disk, p)); err == nil {
		names = append(names, filepath.Join(filepath.Dir(p), to))
	}
	return names
}

func (x *model) append(t *rapid.T) {
	p, data := x.path(t, "path"), content(t)
	x.both("append "+p, func(root string) error {
		return withFile(filepath.Join(root, p), os.O_WRONLY|os.O_APPEND, func(f *os.File) error { _, err := f.Write(data); return err })
	}, x.target(p)...)
}

func (x *model) patch(t *rapid.T) {
	p, off := x.path(t, "path"), rapid.Int64Range(0, 80000).Draw(t, "offset")
	x.both("patch "+p, func(root string) error {
		return withFile(filepath.Join(root, p), os.O_RDWR, func(f *os.File) error { _, err := f.WriteAt([]byte("patched"), off); return err })
	}, x.target(p)...)
}

func withFile(path string, flags int, do func(*os.File) error) error {
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	return do(f)
}

func (x *model) truncate(t *rapid.T) {
	p, n := x.path(t, "path"), rapid.Int64Range(0, 10000).Draw(t, "size")
	x.both("truncate "+p, func(root string) error { return unix.Truncate(filepath.Join(root, p), n) }, x.target(p)...)
}

func (x *model) unlink(t *rapid.T) {
	p := x.any(t, "path")
	x.both("unlink "+p, func(root string) error { return unix.Unlink(filepath.Join(root, p)) }, p)
}

func (x *model) mkdir(t *rapid.T) {
	p := x.dir(t, "path")
	x.both("mkdir "+p, func(root string) error { return unix.Mkdir(filepath.Join(root, p), 0o755) }, p)
}

func (x *model) rmdir(t *rapid.T) {
	p := x.any(t, "path")
	x.both("rmdir "+p, func(root string) error { return unix.Rmdir(filepath.Join(root, p)) }, p)
}

func (x *model) rename(t *rapid.T) {
	from, to := x.pair(t)
	x.both("rename "+from+" "+to, func(root string) error { return unix.Rename(filepath.Join(root, from), filepath.Join(root, to)) }, from, to)
}

func (x *model) exchange(t *rapid.T) {
	from, to := x.pair(t)
	x.both("exchange "+from+" "+to, func(root string) error {
		return unix.Renameat2(unix.AT_FDCWD, filepath.Join(root, from), unix.AT_FDCWD, filepath.Join(root, to), unix.RENAME_EXCHANGE)
	}, from, to)
}

func (x *model) link(t *rapid.T) {
	from, to := x.path(t, "from"), x.path(t, "to")
	x.both("link "+from+" "+to, func(root string) error { return unix.Link(filepath.Join(root, from), filepath.Join(root, to)) }, from, to)
}

func (x *model) symlink(t *rapid.T) {
	p, target := x.path(t, "path"), rapid.SampledFrom([]string{"a", "b", "d", "nowhere"}).Draw(t, "target")
	x.both("symlink "+p, func(root string) error { return unix.Symlink(target, filepath.Join(root, p)) }, p)
}

func (x *model) read(t *rapid.T) {
	p := x.path(t, "path")
	var got [2]string
	i := 0
	x.both("read "+p, func(root string) error {
		data, err := os.ReadFile(filepath.Join(root, p))
		got[i] = string(data)
		i++
		return err
	})
	if got[0] != got[1] {
		x.t.Fatalf("read %s: %d bytes on the mount, %d on the disk", p, len(got[1]), len(got[0]))
	}
}

// put stores an object from outside, under a name that the mount has not changed and where no directory is.
func (x *model) put(t *rapid.T) {
	p := rapid.SampledFrom([]string{"a", "b", "x", "y"}).Draw(t, "path")
	if st, err := os.Lstat(filepath.Join(x.disk, p)); x.ours[p] || err == nil && !st.Mode().IsRegular() {
		t.Skip("ours")
	}
	x.outside(p, string(content(t))+"put")
	time.Sleep(settled)
}

func (x *model) delete(t *rapid.T) {
	p := rapid.SampledFrom([]string{"a", "b", "x", "y"}).Draw(t, "path")
	if st, err := os.Lstat(filepath.Join(x.disk, p)); x.ours[p] || err != nil || !st.Mode().IsRegular() {
		t.Skip("ours, or not there")
	}
	x.m.remove(x.name + "/" + p)
	x.must(os.Remove(filepath.Join(x.disk, p)))
	time.Sleep(settled)
}

// compare walks both.
func (x *model) compare() {
	disk, mnt := listing(x.t, x.disk), listing(x.t, x.mnt)
	for _, p := range slices.Sorted(maps.Keys(disk)) {
		if mnt[p] != disk[p] {
			x.t.Fatalf("%s is %.60s on the mount, %.60s on the disk", p, mnt[p], disk[p])
		}
	}
	for p := range mnt {
		if _, ok := disk[p]; !ok {
			x.t.Fatalf("%s is on the mount only", p)
		}
	}
}

// listing describes all that is below root.
func listing(t *rapid.T, root string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		rel := strings.TrimPrefix(p, root+"/")
		switch {
		case d.IsDir():
			out[rel] = "a directory"
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(p)
			out[rel] = "a link to " + to
			return err
		default:
			data, err := os.ReadFile(p)
			st, staterr := os.Lstat(p)
			if err != nil || staterr != nil {
				return errors.Join(err, staterr)
			}
			out[rel] = fmt.Sprintf("a file of %d (%d) bytes with %d names: %q", len(data), st.Size(), st.Sys().(*syscall.Stat_t).Nlink, data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sync makes all durable and compares the objects. A marker must be there for an empty directory, and may be for
// another one.
func (x *model) sync() {
	if got := x.m.trySync(); got != "ok" {
		x.t.Fatalf("sync: %s", got)
	}
	objects := x.m.objects(x.name + "/")
	var wrong []string
	links := map[string]string{} // directory -> names
	err := filepath.WalkDir(x.disk, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == x.disk {
			return err
		}
		key := x.name + "/" + strings.TrimPrefix(p, x.disk+"/")
		switch {
		case d.IsDir():
			below, err := os.ReadDir(p)
			if _, ok := objects[key+"/"]; !ok && len(below) == 0 {
				wrong = append(wrong, "no marker for the empty directory "+key)
			}
			delete(objects, key+"/")
			return err
		case d.Type().IsRegular():
			data, err := os.ReadFile(p)
			if got, ok := objects[key]; !ok || got != string(data) {
				wrong = append(wrong, fmt.Sprintf("object %s: there %v, %d bytes, want %d", key, ok, len(got), len(data)))
			}
			delete(objects, key)
			return err
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(p)
			if got, ok := objects[key]; !ok || got != to {
				wrong = append(wrong, fmt.Sprintf("link %s: there %v, to %.40s, want %s", key, ok, got, to))
			}
			delete(objects, key)
			links[filepath.Dir(key)] += filepath.Base(key) + "\n"
			return err
		}
		return nil
	})
	x.must(err)
	for dir, names := range links {
		if got := objects[dir+"/.fusion.symlinks"]; got != names {
			wrong = append(wrong, fmt.Sprintf("the links of %s are listed as %q, want %q", dir, got, names))
		}
		delete(objects, dir+"/.fusion.symlinks")
	}
	for key := range objects {
		wrong = append(wrong, fmt.Sprintf("object %s should not be there", key))
	}
	if len(wrong) > 0 {
		x.t.Fatalf("after a sync: %s", strings.Join(wrong, "; "))
	}
}
