package cache_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
)

// tmpfs mounts a small disk. It needs root, as CI has.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("mounts a file system, which needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatalf("mount of a small tmpfs: %v; run as root, or with -short", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A disk smaller than what is read and written: clean data goes, readers stream through, writers wait for uploads,
// and nothing that is dirty is lost.
func TestR11FullDisk(t *testing.T) {
	r := newRig(t, tmpfs(t, "size=16m"), 0)
	data := noise(24<<20, 1)
	info := r.put("x", data)
	o := r.open(info)
	read := func() {
		t.Helper()
		got, err := io.ReadAll(io.NewSectionReader(handle{o.Reader().ReadAt}, 0, int64(len(data))))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	read()
	if u := r.cache.Usage(); u.Evicted == 0 {
		t.Errorf("%+v", u)
	}

	l, err := r.cache.Local()
	if err != nil {
		t.Fatal(err)
	}
	dirty := noise(15<<20, 2)
	if n, err := l.WriteAt(t.Context(), dirty, 0); err != nil || n != len(dirty) { // pushes the clean data out
		t.Fatal(n, err)
	}
	read() // past the cache
	got := make([]byte, len(dirty))
	if _, err := l.File().ReadAt(got, 0); err != nil || !bytes.Equal(got, dirty) {
		t.Fatal("dirty bytes were lost")
	}

	second, err := r.cache.Local()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	done := l.Pending()
	wrote := make(chan error)
	go func() {
		_, err := second.WriteAt(context.Background(), dirty[:4<<20], 0)
		wrote <- err
	}()
	select {
	case err := <-wrote:
		t.Fatalf("the writer did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	l.Close() // uploaded
	done()
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if _, err := second.WriteAt(t.Context(), dirty, 4<<20); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("with nothing to wait for: %v", err)
	}
	if _, err := second.File().ReadAt(got[:4<<20], 0); err != nil || !bytes.Equal(got[:4<<20], dirty[:4<<20]) {
		t.Fatal("dirty bytes were lost")
	}
}

// A writer interrupted while it waits for space gets EINTR.
func TestR11WriterInterrupted(t *testing.T) {
	r := newRig(t, t.TempDir(), 1<<20)
	l, err := r.cache.Local()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	defer l.Pending()()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := l.WriteAt(ctx, make([]byte, 2<<20), 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// No inode, no file: an error, not a crash.
func TestFullOfFiles(t *testing.T) {
	r := newRig(t, tmpfs(t, "size=16m,nr_inodes=10"), 0)
	var ls []*cache.Local
	for range 20 {
		l, err := r.cache.Local()
		if err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Error(err)
			}
			break
		}
		ls = append(ls, l)
	}
	if len(ls) == 20 {
		t.Error("the disk had room")
	}
	for _, l := range ls {
		l.Close()
	}
}
