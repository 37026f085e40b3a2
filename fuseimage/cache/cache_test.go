package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// rig is a cache over a server behind a proxy.
type rig struct {
	t      *testing.T
	server *s3test.Server
	proxy  *s3test.Proxy
	client *object.Client
	cache  *cache.Cache
	dir    string
}

func newRig(t *testing.T, dir string, quota int64) *rig {
	t.Helper()
	r := &rig{t: t, server: s3test.Start(t), dir: dir}
	r.proxy = s3test.NewProxy(t, r.server, nil)
	r.client = s3test.Client(t, r.proxy.URL, func(c *object.Config) { c.Idle, c.Retry = time.Second, 5*time.Second })
	var err error
	if r.cache, err = cache.Open(t.Context(), dir, quota, r.client); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.cache.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(dir + "/.fusion-*"); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return r
}

func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// put stores an object without the proxy.
func (r *rig) put(name string, data []byte) object.Info {
	r.t.Helper()
	c := s3test.Client(r.t, r.server.URL)
	info, err := c.Put(r.t.Context(), s3test.Key(name), bytes.NewReader(data), int64(len(data)), object.PutOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return info
}

func (r *rig) open(info object.Info) *cache.Object {
	r.t.Helper()
	o, err := r.cache.Object(info)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(o.Close)
	return o
}

// disk is what the cache's files take, in bytes.
func (r *rig) disk() (n int64) {
	filepath.Walk(r.dir, func(_ string, fi os.FileInfo, err error) error {
		if err == nil && fi.Mode().IsRegular() {
			n += fi.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return n
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: ", what)
		}
	}
}

// handle makes an io.ReaderAt.
type handle struct {
	at func(context.Context, []byte, int64) (int, error)
}

func (h handle) ReadAt(p []byte, off int64) (int, error) { return h.at(context.Background(), p, off) }

// Reads of any place and size, by several handles of several objects at once, in a cache much too small for them.
func TestRandomReads(t *testing.T) {
	r := newRig(t, t.TempDir(), 6<<20)
	var datas [][]byte
	var infos []object.Info
	for i, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20, 5<<20 + 77, 9 << 20} {
		datas = append(datas, noise(size, byte(i)))
		infos = append(infos, r.put(fmt.Sprint("o", i), datas[i]))
	}
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for range 60 {
				i := rnd.IntN(len(infos))
				o, err := r.cache.Object(infos[i])
				if err != nil {
					t.Error(err)
					return
				}
				h := o.Reader()
				off := int64(rnd.IntN(len(datas[i]) + 1))
				for range 1 + rnd.IntN(3) {
					p := make([]byte, rnd.IntN(300<<10))
					n, err := h.ReadAt(context.Background(), p, off)
					want := datas[i][min(off, int64(len(datas[i]))):]
					want = want[:min(len(want), len(p))]
					if !bytes.Equal(p[:n], want) || (err != nil) != (n < len(p)) || err != nil && err != io.EOF {
						t.Errorf("object %d, %d+%d: %d bytes, %v", i, off, len(p), n, err)
					}
					off += int64(n)
				}
				o.Close()
			}
		})
	}
	group.Wait()
	if err := r.cache.Err(); err != nil {
		t.Error(err)
	}
}

// A stream is fetched ahead in few requests; every byte is fetched once.
func TestSequential(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(40<<20, 1)
	o := r.open(r.put("x", data))
	got, err := io.ReadAll(io.NewSectionReader(handle{o.Reader().ReadAt}, 0, int64(len(data))))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	until(t, "complete", o.Complete)
	gets := 0
	for _, q := range r.proxy.Requests() {
		if q.Op == "GetObject" {
			gets++
		}
	}
	if down := r.client.Stats().Down; gets > 15 || down != int64(len(data)) {
		t.Errorf("%d requests, %d bytes", gets, down)
	}
	if _, _, ok := o.Pin(); !ok {
		t.Error("cannot be pinned")
	}
}

// What is fetched ahead is bounded by what was read so far, and for all readers together.
func TestReadAheadIsBounded(t *testing.T) {
	r := newRig(t, t.TempDir(), 64<<20)
	data := noise(30<<20, 1)
	p := make([]byte, 128<<10)
	read := func(o *cache.Object, n int) {
		h := o.Reader()
		for off := 0; off < n; off += len(p) {
			if _, err := h.ReadAt(t.Context(), p, int64(off)); err != nil || !bytes.Equal(p, data[off:off+len(p)]) {
				t.Fatal(err)
			}
		}
	}
	read(r.open(r.put("one", data)), 1<<20)
	if asked := r.cache.Usage().Clean; asked > (1+4)<<20 {
		t.Errorf("%d bytes asked for where 1 MiB was read", asked)
	}
	before := r.client.Stats().Down
	for i := range 16 {
		read(r.open(r.put(fmt.Sprint("many", i), data)), 4<<20)
	}
	if down := r.client.Stats().Down - before; down > 16*(4<<20)+(16+16)<<20 {
		t.Errorf("%d MiB fetched for 16 times 4 MiB read", down>>20)
	}
}

// A random reader fetches little more than it reads.
func TestRandomReaderIsNotFetchedAhead(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(64<<20, 1)
	o := r.open(r.put("x", data))
	h := o.Reader()
	p := make([]byte, 64<<10)
	for i := range 10 {
		off := int64(60-6*i) << 20
		if _, err := h.ReadAt(t.Context(), p, off); err != nil || !bytes.Equal(p, data[off:off+64<<10]) {
			t.Fatal(err)
		}
	}
	if down := r.client.Stats().Down; down > 2<<20 {
		t.Errorf("%d bytes were fetched for 10 reads of 64 KiB", down)
	}
}

// Three interleaved streams of one handle are each recognised.
func TestThreeCursors(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(48<<20, 1)
	o := r.open(r.put("x", data))
	h := o.Reader()
	p := make([]byte, 128<<10)
	for i := range int64(40) {
		for _, base := range []int64{0, 16 << 20, 32 << 20} {
			off := base + i*int64(len(p))
			if _, err := h.ReadAt(t.Context(), p, off); err != nil || !bytes.Equal(p, data[off:off+int64(len(p))]) {
				t.Fatal(err)
			}
		}
	}
	st := r.client.Stats()
	if gets := st.Requests["GetObject"] - st.Hedges; gets > 40 { // a slow machine hedges; unrecognised, each read is a request
		t.Errorf("%d requests for 120 reads of three streams", gets)
	}
}

// A reader that is interrupted gets EINTR at once, and the fetch goes on for the others.
func TestR14Interrupted(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(2<<20, 1)
	o := r.open(r.put("x", data))
	r.proxy.Plan(func(q s3test.Request) s3test.Fault { return s3test.Fault{Delay: 200 * time.Millisecond} })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := o.ReadAt(ctx, make([]byte, 10), 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	got := make([]byte, len(data))
	if _, err := o.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, data) {
		t.Fatal(err)
	}
	if n := r.client.Stats().Requests["GetObject"]; n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestR08FlippedBytes(t *testing.T) {
	t.Run("small objects are shown when verified", func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0)
		data := noise(3<<20, 1)
		o := r.open(r.put("x", data))
		r.proxy.Plan(func(q s3test.Request) s3test.Fault { return s3test.Fault{Flip: map[bool]int64{true: 5}[q.N == 0]} })
		got := make([]byte, len(data))
		if _, err := o.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, data) || !o.Complete() {
			t.Fatalf("%v, complete %v", err, o.Complete())
		}
	})
	t.Run("whole fetches are repeated", func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0)
		data := noise(20<<20, 1)
		info := r.put("x", data)
		info.Checksum = object.Checksum{} // as a list gives it
		o := r.open(info)
		flips := 0
		r.proxy.Plan(func(q s3test.Request) s3test.Fault {
			if q.Op == "GetObject" {
				flips++
			}
			return s3test.Fault{Flip: map[bool]int64{true: 5}[flips == 2]}
		})
		if err := o.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(data))
		if _, err := o.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, data) {
			t.Fatal("wrong bytes: ", err)
		}
		if r.cache.Err() != nil || flips < 4 {
			t.Errorf("%v after %d requests", r.cache.Err(), flips)
		}
	})
	t.Run("a stream that was read is reported", func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0)
		data := noise(20<<20, 1)
		o := r.open(r.put("x", data))
		r.proxy.Plan(func(q s3test.Request) s3test.Fault { return s3test.Fault{Flip: map[bool]int64{true: 5}[q.N == 1]} })
		io.Copy(io.Discard, io.NewSectionReader(handle{o.Reader().ReadAt}, 0, int64(len(data))))
		until(t, "an error", func() bool { return errors.Is(r.cache.Err(), object.ErrCorrupt) })
		if _, err := o.ReadAt(t.Context(), make([]byte, 5), 0); object.Errno(err) != syscall.EIO {
			t.Errorf("later reads: %v", err)
		}
	})
}

// A fetch that fails is an error, never zeros; the next one is made anew.
func TestFailedFetch(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(10<<20, 1)
	o := r.open(r.put("x", data))
	r.proxy.Plan(func(s3test.Request) s3test.Fault { return s3test.Fault{Status: 403, Code: "AccessDenied"} })
	p := make([]byte, 1000)
	if _, err := o.Reader().ReadAt(t.Context(), p, 5000); object.Errno(err) != syscall.EACCES {
		t.Fatal(err)
	}
	r.proxy.Plan(nil)
	if _, err := o.Reader().ReadAt(t.Context(), p, 5000); err != nil || !bytes.Equal(p, data[5000:6000]) {
		t.Fatal(err)
	}
	if u := r.cache.Usage(); u.Clean < 0 || u.Clean > 4<<20 {
		t.Errorf("%+v", u)
	}
}

func TestR12Quota(t *testing.T) {
	const quota = 16 << 20
	r := newRig(t, t.TempDir(), quota)
	data := noise(24<<20, 1)
	a, b := r.open(r.put("a", data)), r.open(r.put("b", data))
	most := int64(0)
	for _, o := range []*cache.Object{a, b, a} {
		h := o.Reader()
		p := make([]byte, 256<<10)
		for off := int64(0); off < int64(len(data)); off += int64(len(p)) {
			if _, err := h.ReadAt(t.Context(), p, off); err != nil || !bytes.Equal(p, data[off:off+int64(len(p))]) {
				t.Fatal(err)
			}
			if off%(2<<20) == 0 {
				most = max(most, r.disk())
			}
		}
	}
	if most > quota*105/100 {
		t.Errorf("%d bytes of disk for a quota of %d", most, quota)
	}
	if u := r.cache.Usage(); u.Evicted < 24<<20 || u.Clean > quota || u.Clean < quota/4 {
		t.Errorf("%+v", u)
	}
	for i := range 600 { // small objects that nobody has open are removed whole
		o, err := r.cache.Object(r.put(fmt.Sprint("s", i%30), noise(70<<10, byte(i))))
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.Close()
	}
	if d := r.disk(); d > quota*105/100 {
		t.Errorf("%d bytes of disk", d)
	}
}

// Held and pinned bytes stay, whatever else is read.
func TestPinned(t *testing.T) {
	r := newRig(t, t.TempDir(), 8<<20)
	small, big := noise(2<<20, 1), noise(30<<20, 2)
	o := r.open(r.put("small", small))
	if err := o.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, unpin, ok := o.Pin()
	if !ok {
		t.Fatal("not complete")
	}
	other := r.open(r.put("big", big))
	release, err := other.Hold(t.Context(), 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, io.NewSectionReader(handle{other.Reader().ReadAt}, 0, int64(len(big)))); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(small))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, small) {
		t.Error("pinned bytes were evicted")
	}
	if _, err := other.File().ReadAt(got[:1<<20], 100); err != nil || !bytes.Equal(got[:1<<20], big[100:100+1<<20]) {
		t.Error("held bytes were evicted")
	}
	release()
	unpin()
}

func TestR24OtherVersion(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	one, two := noise(100_000, 1), noise(100_000, 2)
	a := r.open(r.put("x", one))
	if err := a.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := r.open(r.put("x", two))
	got := make([]byte, len(two))
	if _, err := b.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, two) {
		t.Fatal("the cache of another version was served: ", err)
	}
	if _, err := a.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, one) {
		t.Fatal("the version that was open is gone: ", err)
	}
	c := r.open(object.Info{Key: s3test.Key("x"), Size: int64(len(one)), ETag: `"gone"`})
	if _, err := c.ReadAt(t.Context(), got, 0); object.Errno(err) != syscall.ESTALE {
		t.Fatal("a version that never was: ", err)
	}
}

func TestLocalAdoptClean(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(10<<20, 1)
	o := r.open(r.put("x", data))
	for _, what := range []string{"missing", "complete"} {
		l, err := r.cache.Local()
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Adopt(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(l.File(), 0, l.Size()))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes, %v", what, len(got), err)
		}
		l.Close()
		until(t, "complete", o.Complete)
	}
	l, err := r.cache.Local()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.WriteAt(t.Context(), data[:5000], 0); err != nil {
		t.Fatal(err)
	}
	if u := r.cache.Usage(); u.Dirty != 5000 {
		t.Errorf("%+v", u)
	}
	info := r.put("y", data[:5000])
	second := l.Retain()
	if _, err := l.Clean(info); err == nil {
		t.Fatal("cleaned while in use")
	}
	second.Close()
	clean, err := l.Clean(info)
	if err != nil {
		t.Fatal(err)
	}
	defer clean.Close()
	if u := r.cache.Usage(); u.Dirty != 0 || !clean.Complete() {
		t.Errorf("%+v", u)
	}
	got := make([]byte, 5000)
	if _, err := clean.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, data[:5000]) {
		t.Error(err)
	}
}

// The first reader of a small file pays for one request; the bytes come from the cache to all others.
func TestSmallIsFetchedWhole(t *testing.T) {
	r := newRig(t, t.TempDir(), 0)
	data := noise(300_000, 1)
	o := r.open(r.put("x", data))
	rapid.Check(t, func(t *rapid.T) {
		off := rapid.Int64Range(0, int64(len(data))).Draw(t, "off")
		p := make([]byte, rapid.IntRange(0, len(data)-int(off)).Draw(t, "n"))
		if _, err := o.ReadAt(context.Background(), p, off); err != nil && err != io.EOF || !bytes.Equal(p, data[off:int(off)+len(p)]) {
			t.Fatal(err)
		}
	})
	if n := r.client.Stats().Requests["GetObject"]; n != 1 {
		t.Errorf("%d requests", n)
	}
}
