package fs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// pattern returns n bytes of which no two 8-byte words are equal.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		v := uint64(i)*0x9E3779B97F4A7C15 + 1
		for j := range 8 {
			p[i+j] = byte(v >> (8 * j))
		}
	}
	return p
}

func TestReadObject(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("shared/empty", "")
		m.put("shared/small", "hello")
		large := pattern(9<<20 + 17)
		m.put("shared/large", string(large))
		for name, want := range map[string]string{"empty": "", "small": "hello", "large": string(large)} {
			got, err := os.ReadFile(m.path("shared/" + name))
			if err != nil || string(got) != want {
				t.Fatalf("%s: %d bytes, want %d (%v)", name, len(got), len(want), err)
			}
		}
		f, err := os.Open(m.path("shared/large"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, off := range []int64{9 << 20, 1, 4097, 5<<20 + 3, 0} {
			p := make([]byte, 1000)
			n, err := f.ReadAt(p, off)
			if err != nil && err != io.EOF || !bytes.Equal(p[:n], large[off:min(off+1000, int64(len(large)))]) {
				t.Fatalf("at %d: %d bytes, %v", off, n, err)
			}
		}
		mapped, err := unix.Mmap(int(f.Fd()), 0, len(large), unix.PROT_READ, unix.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Munmap(mapped)
		if !bytes.Equal(mapped, large) {
			t.Fatal("the mapping differs")
		}
	})
}

func TestReadIsLazy(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("shared/huge", string(pattern(64<<20)))
		f, err := os.Open(m.path("shared/huge"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.ReadAt(make([]byte, 4096), 40<<20); err != nil {
			t.Fatal(err)
		}
		if down := m.stats().Client.Down; down > 8<<20 {
			t.Fatalf("one page cost %d bytes", down)
		}
	})
}

func TestLookup(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		info := m.put("shared/dir/file", "12345")
		st, err := os.Stat(m.path("shared/dir/file"))
		if err != nil || st.Size() != 5 || !st.Mode().IsRegular() || st.Mode().Perm() != 0o755 {
			t.Fatalf("file: %v %v", st, err)
		}
		if d := st.ModTime().Sub(info.Modified).Abs(); d > 2*time.Second {
			t.Errorf("mtime is %v from Last-Modified", d)
		}
		if st, err := os.Stat(m.path("shared/dir")); err != nil || !st.IsDir() {
			t.Fatalf("directory: %v %v", st, err)
		}
		if _, err := os.Stat(m.path("shared/absent")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("absent: %v", err)
		}
		if _, err := os.Stat(filepath.Join(m.Dir, "s3", "no-such-bucket-here", "x")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("absent bucket: %v", err)
		}
		if _, err := os.Stat(filepath.Join(m.Dir, "s3", "Not_A_Bucket!")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("impossible bucket: %v", err)
		}
		if err := os.Mkdir(filepath.Join(m.Dir, "s3", "new-bucket"), 0o755); !errors.Is(err, syscall.EPERM) {
			t.Fatalf("making a bucket: %v", err)
		}
	})
}

func TestOutsideChangeIsSeen(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("shared/f", "old")
		read := func() string {
			p, err := os.ReadFile(m.path("shared/f"))
			if err != nil {
				return err.Error()
			}
			return string(p)
		}
		if got := read(); got != "old" {
			t.Fatal(got)
		}
		m.put("shared/f", "newer")
		time.Sleep(100 * time.Millisecond) // Refresh is 50ms
		if got := read(); got != "newer" {
			t.Fatalf("after a put outside: %s", got)
		}
		m.remove("shared/f")
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(m.path("shared/f")); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("after a delete outside: %v", err)
		}
	})
}

func TestOwnedIsAskedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("work/a", "1")
		m.put("work/b", "2")
		for range 3 {
			for _, name := range []string{"a", "b", "absent", ".command.begin"} {
				os.Stat(filepath.Join(m.Work, name))
			}
			time.Sleep(60 * time.Millisecond)
		}
		r := m.stats().Client.Requests
		if r["ListObjectsV2"] > 1 || r["HeadObject"] > 0 {
			t.Fatalf("requests: %v", r)
		}
	})
}

// TestR17InputChanged: an input that was replaced while open is an error, never a mix of two versions.
func TestR17InputChanged(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		m.put("shared/big", string(pattern(32<<20)))
		f, err := os.Open(m.path("shared/big"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.ReadAt(make([]byte, 4096), 0); err != nil {
			t.Fatal(err)
		}
		m.put("shared/big", strings.Repeat("x", 32<<20))
		if _, err := f.ReadAt(make([]byte, 4096), 30<<20); !errors.Is(err, syscall.ESTALE) {
			t.Fatalf("reading the new version's range: %v, want ESTALE", err)
		}
		time.Sleep(100 * time.Millisecond)
		p, err := os.ReadFile(m.path("shared/big"))
		if err != nil || string(p) != strings.Repeat("x", 32<<20) {
			t.Fatalf("opening again: %d bytes, %v", len(p), err)
		}
	})
}

// TestR24OtherVersionIsNotServed: cached bytes of one version are never shown as another's.
func TestR24OtherVersionIsNotServed(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		for i := range 5 {
			want := fmt.Sprintf("version %d", i) // the same length each time
			m.put("shared/f", want)
			time.Sleep(70 * time.Millisecond)
			got, err := os.ReadFile(m.path("shared/f"))
			if err != nil || string(got) != want {
				t.Fatalf("%q, want %q (%v)", got, want, err)
			}
		}
	})
}

// TestR20OddKeysAndLongLists: more than a page of keys, and keys that are no usual file names.
func TestR20OddKeysAndLongLists(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		shown := map[string]string{}
		for _, name := range []string{"with space", "plus+percent%41", "ünïcödé-日本", ".leading", "..two", "...", "a&b<c>'\"", "tab\tname", "x,y;z"} {
			shown[name] = "content of " + name
			m.put("shared/odd/"+name, shown[name])
		}
		names, err := os.ReadDir(m.path("shared/odd"))
		if err != nil || len(names) != len(shown) {
			t.Fatalf("%d names, want %d (%v): %v", len(names), len(shown), err, names)
		}
		for name, want := range shown {
			got, err := os.ReadFile(m.path("shared/odd/" + name))
			if err != nil || string(got) != want {
				t.Errorf("%q: %q, %v", name, got, err)
			}
		}
	})
}

// manyObjects makes n objects the quick way: as files of the server's own directory.
func manyObjects(t *testing.T, m *mounted, dir string, n int) {
	t.Helper()
	ctx := context.Background()
	work := make(chan int)
	errs := make(chan error, 8)
	for range 8 {
		go func() {
			var first error
			for i := range work {
				_, err := m.Client.Put(ctx, s3test.Key(fmt.Sprintf("%s%s/f%05d", m.Prefix, dir, i)), strings.NewReader("x"), 1, object.PutOptions{})
				if err != nil && first == nil {
					first = err
				}
			}
			errs <- first
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	for range 8 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

func TestReaddirManyEntries(t *testing.T) {
	m := newMount(t, engines()[0])
	const n = 1234 // over one page of S3
	manyObjects(t, m, "shared/many", n)
	seen := map[string]int{}
	names, err := os.ReadDir(m.path("shared/many"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names {
		seen[e.Name()]++
	}
	if len(seen) != n || len(names) != n {
		t.Fatalf("%d entries, %d different, want %d", len(names), len(seen), n)
	}
	// A local directory of more than 10,000 names, half of which go while it is read.
	dir := filepath.Join(m.Work, "local")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const local = 10500
	for i := range local {
		if err := os.Symlink("x", fmt.Sprintf("%s/l%05d", dir, i)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got := map[string]int{}
	for {
		part, err := d.Readdirnames(500)
		for _, name := range part {
			got[name]++
		}
		if len(got) == 500 {
			for i := 1; i < local; i += 2 {
				if err := os.Remove(fmt.Sprintf("%s/l%05d", dir, i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < local; i += 2 {
		if got[fmt.Sprintf("l%05d", i)] != 1 {
			t.Fatalf("entry %d, which was always there, was seen %d times", i, got[fmt.Sprintf("l%05d", i)])
		}
	}
}
