package fs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// write makes a file with the given content.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// want compares a file with a content.
func want(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != content {
		t.Fatalf("%s: %d bytes %.40q, want %d bytes %.40q (%v)", filepath.Base(path), len(got), got, len(content), content, err)
	}
}

// wantObjects compares what S3 holds below a name, all contents, with what it should.
func wantObjects(t *testing.T, m *mounted, below string, content map[string]string) {
	t.Helper()
	got := m.objects(below)
	for key, want := range content {
		if s, ok := got[key]; !ok || s != want {
			t.Errorf("object %s: %d bytes (there: %v), want %d bytes", key, len(s), ok, len(want))
		}
	}
	for key := range got {
		if _, ok := content[key]; !ok {
			t.Errorf("object %s should not be there", key)
		}
	}
}

func TestWriteBecomesObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		large := string(pattern(20<<20 + 5))
		write(t, m.Work+"/small", "hello")
		write(t, m.Work+"/empty", "")
		write(t, m.Work+"/large", large)
		want(t, m.Work+"/small", "hello") // at once, in the mount
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/small": "hello", "work/empty": "", "work/large": large})
		want(t, m.Work+"/large", large)
	})
}

func TestRandomWrite(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		f, err := os.Create(m.Work + "/f")
		if err != nil {
			t.Fatal(err)
		}
		content := make([]byte, 1<<20)
		for i := range 200 {
			off := (i * 7919 * 13) % (len(content) - 100)
			p := pattern(100)
			p[0] = byte(i)
			copy(content[off:], p)
			if _, err := f.WriteAt(p, int64(off)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Truncate(int64(len(content))); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/f", string(content))
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/f": string(content)})
	})
}

func TestRewriteObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		large := pattern(6 << 20)
		m.put("work/head", string(large))
		m.put("work/append", "old")
		m.put("work/truncate", "12345")
		f, err := os.OpenFile(m.Work+"/head", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("fixed"), 3<<20); err != nil {
			t.Fatal(err)
		}
		f.Close()
		copy(large[3<<20:], "fixed")
		a, err := os.OpenFile(m.Work+"/append", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		a.WriteString("+new")
		a.Close()
		if err := os.Truncate(m.Work+"/truncate", 2); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/head", string(large))
		want(t, m.Work+"/append", "old+new")
		want(t, m.Work+"/truncate", "12")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/head": string(large), "work/append": "old+new", "work/truncate": "12"})
	})
}

func TestOpenForWritingChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/f", "as it was")
		f, err := os.OpenFile(m.Work+"/f", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		m.sync()
		if n := m.stats().Client.Requests["PutObject"]; n != 0 {
			t.Fatalf("%d uploads", n)
		}
	})
}

func TestAppendBySeveralWriters(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		var wg sync.WaitGroup
		const writers, lines = 4, 250
		for w := range writers {
			wg.Go(func() {
				f, err := os.OpenFile(m.Work+"/log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				for i := range lines {
					if _, err := fmt.Fprintf(f, "writer %d line %04d\n", w, i); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		m.sync()
		got := m.objects("work/")["work/log"]
		seen := map[string]bool{}
		for line := range strings.Lines(got) {
			if seen[line] {
				t.Errorf("twice: %s", line)
			}
			seen[line] = true
		}
		if len(seen) != writers*lines || len(got) != writers*lines*len("writer 0 line 0000\n") {
			t.Fatalf("%d lines in %d bytes", len(seen), len(got))
		}
	})
}

func TestTruncateAndFallocate(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		f, err := os.Create(m.Work + "/f")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		f.WriteString("0123456789")
		if err := f.Truncate(4); err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(8); err != nil {
			t.Fatal(err)
		}
		if err := unix.Fallocate(int(f.Fd()), 0, 0, 16); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/f", "0123"+strings.Repeat("\x00", 12))
		if _, err := f.WriteAt(bytes.Repeat([]byte("x"), 12288), 0); err != nil {
			t.Fatal(err)
		}
		if err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 4096, 4096); err != nil {
			t.Fatal(err)
		}
		content := strings.Repeat("x", 4096) + strings.Repeat("\x00", 4096) + strings.Repeat("x", 4096)
		want(t, m.Work+"/f", content)
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/f": content})
	})
}

func TestMmapShared(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		f, err := os.OpenFile(m.Work+"/f", os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(3 * 4096); err != nil {
			t.Fatal(err)
		}
		p, err := unix.Mmap(int(f.Fd()), 0, 3*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		copy(p[4096:], "through the mapping")
		g, err := os.Open(m.Work + "/f")
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		got := make([]byte, 19)
		if _, err := g.ReadAt(got, 4096); err != nil || string(got) != "through the mapping" {
			t.Fatalf("read %q, %v", got, err)
		}
		content := string(p)
		if err := unix.Munmap(p); err != nil {
			t.Fatal(err)
		}
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/f": content})
	})
}

func TestMmapSharedOnObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		content := pattern(5 << 20)
		m.put("work/f", string(content))
		f, err := os.OpenFile(m.Work+"/f", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		p, err := unix.Mmap(int(f.Fd()), 0, len(content), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		copy(p[2<<20:], "changed")
		copy(content[2<<20:], "changed")
		if err := unix.Munmap(p); err != nil {
			t.Fatal(err)
		}
		f.Close()
		want(t, m.Work+"/f", string(content))
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/f": string(content)})
	})
}

func TestUnlinkWhileOpen(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		content := string(pattern(6 << 20))
		m.put("work/object", content)
		write(t, m.Work+"/local", content)
		for _, name := range []string{"object", "local"} {
			f, err := os.Open(m.Work + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := os.Remove(m.Work + "/" + name); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(m.Work + "/" + name); !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			got := make([]byte, len(content))
			if _, err := f.ReadAt(got, 0); err != nil || string(got) != content {
				t.Fatalf("%s: not readable after unlink: %v", name, err)
			}
			var st unix.Stat_t
			if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Nlink != 0 {
				t.Fatalf("%s: nlink %d, %v", name, st.Nlink, err)
			}
			f.Close()
		}
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/": ""}) // the directory that we emptied stays one
	})
}

func TestHardLinks(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.Delay = time.Hour }) // nothing is uploaded before the sync
		m.put("work/object", "remote")
		write(t, m.Work+"/a", "one")
		for _, l := range [][2]string{{"a", "b"}, {"object", "linked"}} {
			if err := os.Link(m.Work+"/"+l[0], m.Work+"/"+l[1]); err != nil {
				t.Fatal(err)
			}
		}
		f, err := os.OpenFile(m.Work+"/b", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(" two")
		f.Close()
		want(t, m.Work+"/a", "one two")
		var st unix.Stat_t
		if err := unix.Stat(m.Work+"/a", &st); err != nil || st.Nlink != 2 {
			t.Fatalf("nlink %d, %v", st.Nlink, err)
		}
		m.sync()
		all := map[string]string{"work/a": "one two", "work/b": "one two", "work/object": "remote", "work/linked": "remote"}
		wantObjects(t, m, "work/", all)
		if n := m.stats().Client.Requests; n["PutObject"] != 1 || n["CopyObject"] != 2 {
			t.Errorf("%v, want one upload and a copy for each second name", n)
		}
		if err := os.Remove(m.Work + "/object"); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/linked", "remote")
		if err := os.Remove(m.Work + "/a"); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/b", "one two")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/b": "one two", "work/linked": "remote"})
	})
}

func TestTemporaryFile(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		fd, err := unix.Open(m.Work, unix.O_TMPFILE|unix.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := unix.Write(fd, []byte("named later")); err != nil {
			t.Fatal(err)
		}
		if err := unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, m.Work+"/named", unix.AT_SYMLINK_FOLLOW); err != nil {
			t.Fatal(err)
		}
		want(t, m.Work+"/named", "named later")
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/named": "named later"})
	})
}

func TestModesTimesAndOwner(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/script", "#!/bin/sh\nexit 7\n")
		write(t, m.Work+"/f", "x")
		for _, name := range []string{"script", "f"} {
			p := m.Work + "/" + name
			if err := os.Chmod(p, 0o600); err != nil {
				t.Fatal(err)
			}
			ts := []unix.Timespec{{Sec: 1000, Nsec: 5}, {Sec: 2000, Nsec: 7}}
			if err := unix.UtimesNanoAt(unix.AT_FDCWD, p, ts, 0); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(p, os.Getuid(), os.Getgid()); err != nil {
				t.Fatal(err)
			}
			var st unix.Stat_t
			if err := unix.Stat(p, &st); err != nil {
				t.Fatal(err)
			}
			if st.Mode != unix.S_IFREG|0o600 || st.Mtim != ts[1] || st.Atim != ts[0] || st.Nlink != 1 || st.Blocks == 0 {
				t.Errorf("%s: mode %o mtime %v atime %v nlink %d blocks %d", name, st.Mode, st.Mtim, st.Atim, st.Nlink, st.Blocks)
			}
		}
	})
}

// TestModesAndTimesAreStored: they come back with the object, whether they were changed before, during or after the
// upload. The second mount looks at one name a directory, because a list would tell it no metadata.
func TestModesAndTimesAreStored(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		set := time.Unix(1_000_000_000, 123_000_000)
		files := map[string]os.FileMode{"plain": 0o755, "data": 0o644, "secret": 0o600, "late": 0o511, "moved": 0o640}
		for name, mode := range files {
			dir := m.Work + "/" + name
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, dir+"/f", name)
			if name == "late" {
				m.sync()
			}
			if err := errors.Join(os.Chmod(dir+"/f", mode), os.Chtimes(dir+"/f", time.Time{}, set)); err != nil {
				t.Fatal(err)
			}
		}
		m.sync()
		if err := os.Rename(m.Work+"/moved/f", m.Work+"/moved/g"); err != nil {
			t.Fatal(err)
		}
		m.sync()
		if n := m.stats().Client.Requests["PutObject"]; n > int64(len(files)+1) { // "late" may be sent twice
			t.Errorf("%d uploads of %d files", n, len(files))
		}
		other := newMount(t, engine)
		for name, mode := range files {
			path := filepath.Join(other.Dir, "s3", s3test.Bucket, m.Prefix, "work", name, "f")
			if name == "moved" {
				path = filepath.Join(filepath.Dir(path), "g")
			}
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if st.Mode() != mode || !st.ModTime().Equal(set) {
				t.Errorf("%s comes back with mode %v and time %v", name, st.Mode(), st.ModTime())
			}
		}
	})
}

func TestXattr(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		write(t, m.Work+"/f", "x")
		p := m.Work + "/f"
		if err := unix.Setxattr(p, "user.note", []byte("v1"), unix.XATTR_CREATE); err != nil {
			t.Fatal(err)
		}
		if err := unix.Setxattr(p, "user.note", nil, unix.XATTR_CREATE); err != unix.EEXIST {
			t.Errorf("creating again: %v", err)
		}
		if err := unix.Setxattr(p, "user.other", nil, unix.XATTR_REPLACE); err != unix.ENODATA {
			t.Errorf("replacing nothing: %v", err)
		}
		if err := unix.Setxattr(p, "trusted.x", []byte("v"), 0); err != unix.ENOTSUP && err != unix.EPERM {
			t.Errorf("another name space: %v", err)
		}
		if _, err := unix.Getxattr(p, "user.note", make([]byte, 1)); err != unix.ERANGE {
			t.Errorf("too small a buffer: %v", err)
		}
		buf := make([]byte, 10)
		if n, err := unix.Getxattr(p, "user.note", buf); err != nil || string(buf[:n]) != "v1" {
			t.Errorf("%q %v", buf[:n], err)
		}
	})
}

func TestLocks(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		a, err := os.Create(m.Work + "/lock")
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		b, err := os.OpenFile(m.Work+"/lock", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if err := unix.Flock(int(a.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		if err := unix.Flock(int(b.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != unix.EWOULDBLOCK {
			t.Errorf("flock twice: %v", err)
		}
		lk := unix.Flock_t{Type: unix.F_WRLCK, Len: 10}
		if err := unix.FcntlFlock(a.Fd(), unix.F_OFD_SETLK, &lk); err != nil {
			t.Fatal(err)
		}
		lk = unix.Flock_t{Type: unix.F_WRLCK, Len: 1, Start: 5}
		if err := unix.FcntlFlock(b.Fd(), unix.F_OFD_SETLK, &lk); err != unix.EAGAIN {
			t.Errorf("fcntl on a locked range: %v", err)
		}
	})
}

func TestPipesAndSockets(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		if err := unix.Mkfifo(m.Work+"/pipe", 0o600); err != nil {
			t.Fatal(err)
		}
		go func() {
			if f, err := os.OpenFile(m.Work+"/pipe", os.O_WRONLY, 0); err == nil {
				f.WriteString("through")
				f.Close()
			}
		}()
		want(t, m.Work+"/pipe", "through")
		if err := unix.Mknod(m.Work+"/device", unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); !errors.Is(err, syscall.EPERM) {
			t.Errorf("a device: %v", err)
		}
		m.sync()
		wantObjects(t, m, "work/", map[string]string{})
	})
}

func TestNamesThatS3CannotHold(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		if err := os.WriteFile(m.Work+"/\xff\xfe", nil, 0o644); !errors.Is(err, syscall.EILSEQ) {
			t.Errorf("not UTF-8: %v", err)
		}
		if err := os.WriteFile(m.Work+"/"+strings.Repeat("n", 256), nil, 0o644); !errors.Is(err, syscall.ENAMETOOLONG) {
			t.Errorf("256 bytes: %v", err)
		}
		deep := m.Work
		var err error
		for range 6 {
			deep += "/" + strings.Repeat("d", 250)
			if err = os.Mkdir(deep, 0o755); err != nil {
				break
			}
		}
		if !errors.Is(err, syscall.ENAMETOOLONG) {
			t.Errorf("a key above 1024 bytes: %v", err)
		}
	})
}

// TestControlFilesAreFollowed: what a task logs is in S3 while it runs, and whole at the end.
func TestControlFilesAreFollowed(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.Control, c.Follow = ".command.log", 50*time.Millisecond })
		f, err := os.OpenFile(m.Work+"/.command.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		other, err := os.Create(m.Work + "/output")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		other.WriteString("not before it is closed")
		said := ""
		for i := range 3 {
			said += fmt.Sprintf("line %d\n", i)
			fmt.Fprintf(f, "line %d\n", i)
			if err := f.Sync(); err != nil { // or the kernel may keep it for as long as its write-back waits
				t.Fatal(err)
			}
			for deadline := time.Now().Add(10 * time.Second); m.objects("work/")["work/.command.log"] != said; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("S3 holds %q, the task has said %q", m.objects("work/")["work/.command.log"], said)
				}
			}
		}
		if _, ok := m.objects("work/")["work/output"]; ok {
			t.Error("a file that is still being written is in S3")
		}
		f.WriteString("the end\n")
		f.Close()
		other.Close()
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/.command.log": said + "the end\n", "work/output": "not before it is closed"})
	})
}
