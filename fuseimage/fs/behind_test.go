package fs

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestStreamLeavesFewPages: a stream's pages are dropped behind it where the file will be passed through, and read again
// when they are asked for again.
func TestStreamLeavesFewPages(t *testing.T) {
	m := newMount(t, Passthrough)
	const size = 48 << 20
	content := pattern(size)
	m.put("shared/stream", string(content))
	f, err := os.Open(m.path("shared/stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mapped)
	for deadline := time.Now().Add(10 * time.Second); resident(t, mapped) > 4*keepBehind; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d bytes are still in the page cache", resident(t, mapped), size)
		}
	}
	if !bytes.Equal(mapped, content) {
		t.Error("what was dropped is not read again as it was")
	}
}

// resident counts the bytes of a mapping that are in the page cache.
func resident(t *testing.T, mapped []byte) (n int) {
	pages := make([]byte, (len(mapped)+os.Getpagesize()-1)/os.Getpagesize())
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mapped[0])), uintptr(len(mapped)), uintptr(unsafe.Pointer(&pages[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		n += int(p&1) * os.Getpagesize()
	}
	return n
}

func TestTrail(t *testing.T) {
	var s trail
	const step = 1 << 20
	for off := int64(0); off < 2*keepBehind; off += step {
		if from, to := s.read(off); from != to {
			t.Fatalf("at %d, [%d, %d) was left behind", off, from, to)
		}
	}
	if from, to := s.read(2 * keepBehind); from != 0 || to != keepBehind {
		t.Errorf("[%d, %d) was left behind, want [0, %d)", from, to, keepBehind)
	}
	if from, to := s.read(0); from != to {
		t.Errorf("stepping back left [%d, %d) behind", from, to)
	}
	if from, to := s.read(1 << 40); from != to {
		t.Errorf("a jump left [%d, %d) behind", from, to)
	}
}
