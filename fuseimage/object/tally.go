package object

import (
	"hash/crc32"
	"math/bits"
	"slices"
	"sync"

	"github.com/minio/crc64nvme"
)

// A Tally checks a full object whose bytes arrive in any order: it keeps one CRC for each run of bytes seen, and
// joins the runs. It is safe for concurrent use.
type Tally struct {
	alg  algorithm
	want string
	size int64

	mu   sync.Mutex
	runs []run // sorted, not adjacent, not overlapping; guarded by mu
}

type run struct {
	off, n int64
	crc    uint64
}

// NewTally returns nil when the object's checksum is of a kind that cannot be joined from parts, or is not known.
func NewTally(info Info) *Tally {
	alg, ok := algorithms(info.Checksum.Algorithm)
	if !ok {
		return nil
	}
	return &Tally{alg: alg, want: info.Checksum.Value, size: info.Size}
}

// Begin starts a run at off, to be fed in order and then given to Add.
func (t *Tally) Begin(off int64) *Run { return &Run{alg: t.alg, run: run{off: off}} }

// A Run is the CRC of consecutive bytes.
type Run struct {
	alg algorithm
	run run
}

// Write takes the next bytes.
func (r *Run) Write(p []byte) {
	r.run.crc = r.alg.update(r.run.crc, p)
	r.run.n += int64(len(p))
}

// Add joins a run. One that overlaps what was seen before is left out: those bytes were counted when they first came.
func (t *Tally) Add(r *Run) {
	n := r.run
	if n.n == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := slices.BinarySearchFunc(t.runs, n.off, func(r run, off int64) int { return int(min(1, max(-1, r.off-off))) })
	if i > 0 && t.runs[i-1].off+t.runs[i-1].n > n.off || i < len(t.runs) && t.runs[i].off < n.off+n.n {
		return
	}
	t.runs = slices.Insert(t.runs, i, n)
	for _, j := range []int{i, i - 1} { // join with the next, then with the one before
		if j >= 0 && j+1 < len(t.runs) && t.runs[j].off+t.runs[j].n == t.runs[j+1].off {
			a, b := t.runs[j], t.runs[j+1]
			t.runs[j] = run{a.off, a.n + b.n, t.alg.join(a.crc, b.crc, b.n)}
			t.runs = slices.Delete(t.runs, j+1, j+2)
		}
	}
}

// Verdict reports whether every byte was seen, and if so whether the object's checksum matches.
func (t *Tally) Verdict() (seen, match bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.size == 0 {
		return true, true
	}
	if len(t.runs) != 1 || t.runs[0].off != 0 || t.runs[0].n != t.size {
		return false, false
	}
	return true, t.alg.encode(t.runs[0].crc) == t.want
}

// Reset forgets all runs.
func (t *Tally) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs = nil
}

// algorithm is a CRC with reflected bits, all ones at start and end, that Go's crc functions compute.
type algorithm struct {
	width int
	poly  uint64 // reversed
}

func algorithms(name string) (algorithm, bool) {
	switch name {
	case algorithmCRC64:
		return algorithm{64, crc64nvme.NVME}, true
	case algorithm32C:
		return algorithm{32, crc32.Castagnoli}, true
	case algorithm32:
		return algorithm{32, crc32.IEEE}, true
	}
	return algorithm{}, false
}

func (a algorithm) update(crc uint64, p []byte) uint64 {
	if a.width == 64 {
		return crc64nvme.Update(crc, p)
	}
	return uint64(crc32.Update(uint32(crc), crc32.MakeTable(uint32(a.poly)), p))
}

func (a algorithm) encode(crc uint64) string {
	if a.width == 64 {
		return encode64(crc)
	}
	return encode32(uint32(crc))
}

// join returns the CRC of A followed by B, of n bytes: crc(A)·x^(8n) + crc(B), modulo the polynomial.
func (a algorithm) join(crcA, crcB uint64, n int64) uint64 {
	one := uint64(1) << (a.width - 1) // x^0: reflected, the highest bit is the lowest power
	power, square := one, one>>8      // x^0, x^8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = a.multiply(power, square)
		}
		square = a.multiply(square, square)
	}
	return a.multiply(power, crcA) ^ crcB
}

// multiply is the product of two reflected polynomials, modulo a.poly.
func (a algorithm) multiply(x, y uint64) (product uint64) {
	for m := uint64(1) << (a.width - 1); m != 0; m >>= 1 {
		if x&m != 0 {
			product ^= y
			if bits.TrailingZeros64(m) > 0 && x&(m-1) == 0 {
				break
			}
		}
		if y&1 != 0 {
			y = y>>1 ^ a.poly
		} else {
			y >>= 1
		}
	}
	return product
}
