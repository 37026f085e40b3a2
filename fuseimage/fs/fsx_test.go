package fs

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

var (
	fsxOps  = flag.Int("fusion.fsx", 100_000, "operations of TestFsx, over all engines")
	fsxSeed = flag.Uint64("fusion.fsx.seed", 1, "seed of TestFsx")
)

// fsxMax is the largest file of TestFsx, in bytes: the size of fsx's own default.
const fsxMax = 256 << 10

// TestFsx is a port of the idea of fsx (Apple's file system exerciser): random reads, writes, mappings, truncations,
// holes and reopenings of one file, each compared with a copy in memory; and now and then a sync, after which the file
// is an object that is read and rewritten.
func TestFsx(t *testing.T) {
	all := engines()
	eachEngine(t, func(t *testing.T, engine Engine) {
		m := newMount(t, engine)
		x := &fsx{t: t, m: m, path: m.Work + "/fsx", r: rand.New(rand.NewPCG(*fsxSeed, 7))}
		x.open(os.O_CREATE)
		for x.step = range *fsxOps / len(all) {
			x.one()
			if t.Failed() {
				return
			}
		}
		x.close()
		m.sync()
		wantObjects(t, m, "work/", map[string]string{"work/fsx": string(x.good)})
	})
}

type fsx struct {
	t    *testing.T
	m    *mounted
	path string
	f    *os.File
	good []byte // what the file should hold
	r    *rand.Rand
	step int
	last string // operation, for messages
}

func (x *fsx) check(err error) {
	if err != nil {
		x.t.Helper()
		x.t.Fatalf("operation %d, %s: %v", x.step, x.last, err)
	}
}

func (x *fsx) open(flags int) {
	f, err := os.OpenFile(x.path, os.O_RDWR|flags, 0o644)
	x.check(err)
	x.f = f
}

func (x *fsx) close() { x.check(x.f.Close()) }

// span draws a range of the file, up to limit.
func (x *fsx) span(limit int) (off, n int) {
	off = x.r.IntN(limit)
	return off, 1 + x.r.IntN(min(limit-off, 64<<10))
}

func (x *fsx) one() {
	switch n := x.r.IntN(1000); {
	case n < 300:
		x.read()
	case n < 550:
		x.write()
	case n < 650:
		x.mapRead()
	case n < 750:
		x.mapWrite()
	case n < 850:
		x.truncate()
	case n < 900:
		x.punch()
	case n < 930:
		x.allocate()
	case n < 998:
		x.last = "reopen"
		x.close()
		x.open(0)
	case n < 999:
		x.last = "rename"
		x.check(os.Rename(x.path, x.path+".moved"))
		x.check(os.Rename(x.path+".moved", x.path))
	default:
		x.last = "sync"
		x.close()
		x.m.sync()
		x.open(0)
	}
}

func (x *fsx) read() {
	x.last = "read"
	if len(x.good) == 0 {
		return
	}
	off, n := x.span(len(x.good))
	p := make([]byte, n)
	_, err := x.f.ReadAt(p, int64(off))
	x.check(err)
	x.same(p, off)
}

func (x *fsx) same(p []byte, off int) {
	if bytes.Equal(p, x.good[off:off+len(p)]) {
		return
	}
	for i := range p {
		if p[i] != x.good[off+i] {
			x.t.Fatalf("operation %d, %s: byte %d is %#x, want %#x (range %d+%d of %d)", x.step, x.last, off+i, p[i], x.good[off+i], off, len(p), len(x.good))
		}
	}
}

// extend makes the copy at least n bytes long.
func (x *fsx) extend(n int) {
	if n > len(x.good) {
		x.good = append(x.good, make([]byte, n-len(x.good))...)
	}
}

func (x *fsx) fill(off, n int) []byte {
	x.extend(off + n)
	p := x.good[off : off+n]
	for i := range p {
		p[i] = byte(x.step + i*7)
	}
	return p
}

func (x *fsx) write() {
	x.last = "write"
	off, n := x.span(fsxMax)
	_, err := x.f.WriteAt(x.fill(off, n), int64(off))
	x.check(err)
}

// mapping maps the pages of a range inside the file.
func (x *fsx) mapping(off, n, prot int) (p []byte, unmap func()) {
	start := off &^ 4095
	whole, err := unix.Mmap(int(x.f.Fd()), int64(start), off-start+n, prot, unix.MAP_SHARED)
	x.check(err)
	return whole[off-start:], func() { x.check(unix.Munmap(whole)) }
}

func (x *fsx) mapRead() {
	x.last = "mapped read"
	if len(x.good) == 0 {
		return
	}
	off, n := x.span(len(x.good))
	p, unmap := x.mapping(off, n, unix.PROT_READ)
	x.same(p, off)
	unmap()
}

func (x *fsx) mapWrite() {
	x.last = "mapped write"
	off, n := x.span(fsxMax)
	if off+n > len(x.good) {
		x.check(x.f.Truncate(int64(off + n)))
	}
	data := x.fill(off, n)
	p, unmap := x.mapping(off, n, unix.PROT_READ|unix.PROT_WRITE)
	copy(p, data)
	unmap()
}

func (x *fsx) truncate() {
	x.last = "truncate"
	size := x.r.IntN(fsxMax)
	x.check(x.f.Truncate(int64(size)))
	x.extend(size)
	x.good = x.good[:size]
	st, err := x.f.Stat()
	x.check(err)
	if st.Size() != int64(size) {
		x.t.Fatalf("operation %d: size %d after truncate to %d", x.step, st.Size(), size)
	}
}

func (x *fsx) punch() {
	x.last = "punch hole"
	if len(x.good) == 0 {
		return
	}
	off, n := x.span(len(x.good))
	x.check(unix.Fallocate(int(x.f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(off), int64(n)))
	clear(x.good[off : off+n])
}

func (x *fsx) allocate() {
	x.last = "allocate"
	off, n := x.span(fsxMax)
	x.check(unix.Fallocate(int(x.f.Fd()), 0, int64(off), int64(n)))
	x.extend(off + n)
}
