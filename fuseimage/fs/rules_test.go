package fs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// TestR2NothingPartialIsVisible: whoever reads the bucket while a task writes sees complete versions only.
func TestR2NothingPartialIsVisible(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.Delay = time.Millisecond })
		versions := map[string]string{}
		for i := range 6 {
			v := fmt.Sprintf("version %d ", i) + strings.Repeat(string(rune('a'+i)), 3<<20+i)
			versions[v] = fmt.Sprint(i)
		}
		ctx, stop := context.WithCancel(t.Context())
		var polling sync.WaitGroup
		var looks atomic.Int64
		polling.Go(func() {
			for ctx.Err() == nil {
				for _, key := range []string{"work/plain", "work/renamed"} {
					info, err := m.Client.Head(ctx, s3test.Key(m.Prefix+key))
					if err != nil {
						continue
					}
					p := make([]byte, info.Size)
					if err := m.Client.Read(ctx, info, 0, p); errors.Is(err, object.ErrChanged) || err != nil && ctx.Err() != nil {
						continue
					} else if err != nil {
						t.Error(err)
						return
					}
					looks.Add(1)
					if _, ok := versions[string(p)]; !ok {
						t.Errorf("%s: %d bytes beginning with %.20q are no version", key, len(p), p)
						return
					}
				}
			}
		})
		for v := range versions {
			for _, name := range []string{"plain", "part"} {
				f, err := os.Create(m.Work + "/" + name)
				if err != nil {
					t.Fatal(err)
				}
				for p := []byte(v); len(p) > 0; p = p[min(len(p), 300<<10):] {
					if _, err := f.Write(p[:min(len(p), 300<<10)]); err != nil {
						t.Fatal(err)
					}
				}
				f.Close()
			}
			rename(t, m.Work+"/part", m.Work+"/renamed")
			time.Sleep(30 * time.Millisecond)
		}
		m.sync()
		stop()
		polling.Wait()
		if looks.Load() == 0 {
			t.Error("the poller saw nothing")
		}
	})
}

// proxied is an option: the mount reaches S3 through a proxy that follows plan.
func proxied(t *testing.T, plan func(s3test.Request) s3test.Fault) (*s3test.Proxy, func(*serverConfig)) {
	p := s3test.NewProxy(t, &s3test.Server{URL: os.Getenv(s3Env)}, plan)
	return p, func(c *serverConfig) { c.URL = p.URL }
}

// interrupted does one system call while its thread gets a signal after a while, and returns its result.
func interrupted(after time.Duration, call func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGUSR1)
	defer signal.Stop(got)
	tid := unix.Gettid()
	timer := time.AfterFunc(after, func() { unix.Tgkill(os.Getpid(), tid, unix.SIGUSR1) })
	defer timer.Stop()
	return call()
}

// TestR14Interrupt: a signal ends the wait for an S3 that does not answer, with EINTR, and changes nothing; where S3
// answers soon, it goes unnoticed. A read through the page cache the kernel ends only for a deadly signal, as on a disk.
func TestR14Interrupt(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		var hang, slow atomic.Bool
		_, option := proxied(t, func(r s3test.Request) s3test.Fault {
			switch {
			case hang.Load():
				return s3test.Fault{Hang: true}
			case slow.Load():
				return s3test.Fault{Delay: 300 * time.Millisecond}
			}
			return s3test.Fault{}
		})
		m := newMount(t, engine, option)
		content := pattern(24 << 20)
		m.put("shared/big", string(content))
		m.put("work/dir/x", "1")
		for _, name := range []string{"late1", "late2"} {
			m.put("shared/slow/"+name, name)
		}
		fd, err := unix.Open(m.path("shared/big"), unix.O_RDONLY|unix.O_DIRECT, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := os.Stat(m.Work + "/dir"); err != nil {
			t.Fatal(err)
		}
		hang.Store(true)
		began := time.Now()
		p := make([]byte, 4096)
		if err := interrupted(200*time.Millisecond, func() error { _, err := unix.Pread(fd, p, 16<<20); return err }); err != unix.EINTR {
			t.Errorf("read: %v, want EINTR", err)
		}
		cat := exec.Command("tail", "-c", "100", m.path("shared/big"))
		if err := cat.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(200*time.Millisecond, func() { cat.Process.Signal(unix.SIGINT) })
		if cat.Wait(); cat.ProcessState.Sys().(syscall.WaitStatus).Signal() != unix.SIGINT {
			t.Errorf("a process that reads was not ended by SIGINT: %v", cat.ProcessState)
		}
		err = interrupted(200*time.Millisecond, func() error { return unix.Rename(m.Work+"/dir", m.Work+"/moved") })
		if err != unix.EINTR {
			t.Errorf("rename: %v, want EINTR", err)
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("the signals took effect after %v", d)
		}
		hang.Store(false)
		if _, err := os.Stat(m.Work + "/dir"); err != nil {
			t.Errorf("after an interrupted rename: %v", err)
		}
		if _, err := unix.Pread(fd, p, 16<<20); err != nil || !bytes.Equal(p, content[16<<20:16<<20+4096]) {
			t.Errorf("after an interrupted read: %v", err)
		}
		slow.Store(true)
		var st unix.Stat_t
		if err := interrupted(50*time.Millisecond, func() error { return unix.Stat(m.path("shared/slow/late1"), &st) }); err != nil {
			t.Errorf("stat with a harmless signal: %v", err)
		}
	})
}

// TestR16Coalescing: whatever is done to files whose upload is queued or under way, S3 ends with what the mount shows.
func TestR16Coalescing(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.Delay = time.Millisecond })
		all := map[string]string{}
		for i := range 40 {
			pause := func() { time.Sleep(time.Duration(i%5) * time.Millisecond) }
			p := func(name string) string { return fmt.Sprintf("%s/%s%d", m.Work, name, i) }
			key := func(name string) string { return fmt.Sprintf("work/%s%d", name, i) }

			write(t, p("over"), "first") // a rename over a file that is queued
			pause()
			write(t, p("tmp"), "second")
			pause()
			rename(t, p("tmp"), p("over"))
			all[key("over")] = "second"

			write(t, p("again"), "old") // unlinked and made again
			pause()
			os.Remove(p("again"))
			pause()
			write(t, p("again"), "new")
			all[key("again")] = "new"

			write(t, p("cut"), "too long") // cut after the upload
			pause()
			if err := os.Truncate(p("cut"), 3); err != nil {
				t.Fatal(err)
			}
			all[key("cut")] = "too"

			write(t, p("emptied"), "something") // overwritten by nothing
			pause()
			write(t, p("emptied"), "")
			all[key("emptied")] = ""

			write(t, p("filled"), "") // and the other way round
			pause()
			write(t, p("filled"), "something")
			all[key("filled")] = "something"

			write(t, p("brief"), "x") // never to be seen
			pause()
			os.Remove(p("brief"))
		}
		m.sync()
		wantObjects(t, m, "work/", all)
	})
}

// TestR18Panic: a fault of ours fails the operation that meets it, with EIO, and nothing else.
func TestR18Panic(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine, func(c *serverConfig) { c.PanicKey = "/bang" })
		write(t, m.Work+"/before", "1")
		if err := unix.Mknod(m.Work+"/bang", unix.S_IFREG|0o644, 0); err != unix.EIO {
			t.Fatalf("%v, want EIO", err)
		}
		want(t, m.Work+"/before", "1")
		write(t, m.Work+"/after", "2")
		rename(t, m.Work+"/after", m.Work+"/moved")
		if _, err := os.ReadDir(m.Work); err != nil {
			t.Fatal(err)
		}
		if n := m.stats().FS.Panics; n == 0 {
			t.Error("no panic was counted, so none was met")
		}
	})
}

// TestR19TasksDoNotInterfere: two mounts that write different keys under one prefix.
func TestR19TasksDoNotInterfere(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		a := newMount(t, engine)
		b := newMount(t, engine)
		other := b.Dir + "/s3/" + s3test.Bucket + "/" + a.Prefix + "shared"
		a.put("shared/input", "i")
		all := map[string]string{"shared/input": "i"}
		var wg sync.WaitGroup
		for dir, name := range map[string]string{a.Shared: "a", other: "b"} {
			for i := range 20 {
				all[fmt.Sprintf("shared/%s/%d", name, i)] = name
			}
			wg.Go(func() {
				if err := os.Mkdir(dir+"/"+name, 0o755); err != nil {
					t.Error(err)
				}
				for i := range 20 {
					if err := os.WriteFile(fmt.Sprintf("%s/%s/%d", dir, name, i), []byte(name), 0o644); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		a.sync()
		b.sync()
		wantObjects(t, a, "shared/", all)
		time.Sleep(100 * time.Millisecond)
		want(t, a.Shared+"/b/7", "b")
		want(t, other+"/a/7", "a")
	})
}

// TestReadGoesOnAfterRename: an open file is read to its end though its object has moved, and its old key is gone.
func TestReadGoesOnAfterRename(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		content := pattern(24 << 20)
		m.put("work/big", string(content))
		f, err := os.Open(m.Work + "/big")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p := make([]byte, 4096)
		if _, err := f.ReadAt(p, 0); err != nil {
			t.Fatal(err)
		}
		rename(t, m.Work+"/big", m.Work+"/moved")
		m.sync()
		if _, ok := m.objects("work/")["work/big"]; ok {
			t.Fatal("the old key is still there")
		}
		if _, err := f.ReadAt(p, 20<<20); err != nil || !bytes.Equal(p, content[20<<20:20<<20+4096]) {
			t.Fatalf("reading on: %v", err)
		}
	})
}

// TestDeletedObjectStaysReadableWhileOpen: the object of an open file is deleted only after the last close.
func TestDeletedObjectStaysReadableWhileOpen(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		content := pattern(24 << 20)
		m.put("work/big", string(content))
		f, err := os.Open(m.Work + "/big")
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 4096)
		if _, err := f.ReadAt(p, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(m.Work + "/big"); err != nil {
			t.Fatal(err)
		}
		write(t, m.Work+"/big", "another file of that name")
		time.Sleep(200 * time.Millisecond) // long past the queue's delay
		if _, err := f.ReadAt(p, 20<<20); err != nil || !bytes.Equal(p, content[20<<20:20<<20+4096]) {
			t.Fatalf("reading on: %v", err)
		}
		f.Close()
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/big": "another file of that name"})
	})
}

// TestWriterSeenByEarlierReader: who has an object open for reading sees what another process then writes into it.
func TestWriterSeenByEarlierReader(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		sizes := map[string]int{"small": 100, "large": 6 << 20}
		for name, size := range sizes {
			m.put("work/"+name, string(pattern(size)))
		}
		for name := range sizes {
			r, err := os.Open(m.Work + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			p := make([]byte, 5)
			if _, err := r.ReadAt(p, 50); err != nil {
				t.Fatal(err)
			}
			w, err := os.OpenFile(m.Work+"/"+name, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteAt([]byte("wrote"), 50); err != nil {
				t.Fatal(err)
			}
			if _, err := r.ReadAt(p, 50); err != nil || string(p) != "wrote" {
				t.Errorf("%s: the earlier reader sees %q, %v", name, p, err)
			}
			w.Close()
			if _, err := r.ReadAt(p, 50); err != nil || string(p) != "wrote" {
				t.Errorf("%s: after close the earlier reader sees %q, %v", name, p, err)
			}
			if err := os.Truncate(m.Work+"/"+name, 52); err != nil {
				t.Fatal(err)
			}
			if n, err := r.ReadAt(p, 50); err != io.EOF || string(p[:n]) != "wr" {
				t.Errorf("%s: after truncate the earlier reader sees %q, %v", name, p[:n], err)
			}
		}
	})
}

// TestStatfs: the space shown is that of the disk that has to hold what is written.
func TestStatfs(t *testing.T) {
	m := newMount(t, engines()[0])
	var st unix.Statfs_t
	if err := unix.Statfs(m.Work, &st); err != nil || st.Bavail == 0 || st.Blocks < st.Bfree || st.Namelen != 255 {
		t.Fatalf("%+v, %v", st, err)
	}
}

// TestFsyncCostsNoRequest: durability is at the end of the task; databases that fsync often do not wait for S3.
func TestFsyncCostsNoRequest(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		f, err := os.Create(m.Work + "/db")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for range 50 {
			f.WriteString("record\n")
			if err := f.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		if n := m.stats().Client.Requests["PutObject"]; n != 0 {
			t.Fatalf("%d uploads", n)
		}
	})
}
