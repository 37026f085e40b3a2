package fs

import (
	"context"
	"errors"
	"os"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
)

// leastSpliced is how many bytes a read must have for splicing to take less time than copying.
const leastSpliced = 128 << 10

// held is a range of the cache's file that goes to the kernel without passing through our memory. It implements
// fuse.ReadResult and what go-fuse asks of one that it can splice.
type held struct {
	file    *os.File
	off     int64
	n       int
	release func() // lets the range be evicted again
}

func (r *held) Seekable() (fd uintptr, off int64, n int) { return r.file.Fd(), r.off, r.n }
func (r *held) Size() int                                { return r.n }
func (r *held) Done()                                    { r.release() }

// Bytes is for where the kernel does not splice.
func (r *held) Bytes(buf []byte) ([]byte, fuse.Status) {
	n, err := r.file.ReadAt(buf[:r.n], r.off)
	return buf[:n], fuse.ToStatus(err)
}

// fetched reads from o, using p where the bytes have to be copied.
func (h *handle) fetched(ctx context.Context, o *cache.Object, p []byte, off int64) (fuse.ReadResult, error) {
	reader := h.reader(o)
	if n := min(int64(len(p)), o.Info().Size-off); n >= leastSpliced {
		release, err := reader.Hold(ctx, off, n)
		if err == nil {
			return &held{o.File(), off, int(n), release}, nil
		}
		if !errors.Is(err, unix.ENOSPC) {
			return nil, err
		}
	}
	n, err := reader.ReadAt(ctx, p, off)
	return fuse.ReadResultData(p[:n]), ignoreEOF(err)
}
