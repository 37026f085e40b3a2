package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// ReadAt reads like io.ReaderAt (io.EOF at the end), fetching what is missing; a cancelled ctx ends the wait
// with EINTR and leaves the fetch running. When there is no room in the cache, the bytes come straight from S3.
func (o *Object) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	return o.readAt(ctx, p, off, o.Hold)
}

func (o *Object) readAt(ctx context.Context, p []byte, off int64, hold func(context.Context, int64, int64) (func(), error)) (int, error) {
	n := int(max(0, min(int64(len(p)), o.info.Size-off)))
	if n == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	release, err := hold(ctx, off, int64(n))
	if errors.Is(err, syscall.ENOSPC) {
		err = o.c.client.Read(ctx, o.info, off, p[:n])
	} else if err == nil {
		_, err = o.file.ReadAt(p[:n], off)
		release()
	}
	if err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Hold makes bytes [off, off+n) present in File and keeps them from eviction until release is called, so that they
// can be spliced from the file. ENOSPC says that there is no room for them; ReadAt works then.
func (o *Object) Hold(ctx context.Context, off, n int64) (release func(), err error) {
	if off < 0 || n < 0 || off+n > o.info.Size {
		return nil, syscall.EINVAL
	}
	o.pin(off, n, 1)
	if err := o.ensure(ctx, off, n, true); err != nil {
		o.pin(off, n, -1)
		return nil, err
	}
	return func() { o.pin(off, n, -1) }, nil
}

// pin keeps the blocks of a range from eviction, or lets them go.
func (o *Object) pin(off, n int64, by int) {
	if n == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.c.clock.Add(1)
	for b := off / block; b <= (off+n-1)/block; b++ {
		o.blocks[b].pins = uint16(int(o.blocks[b].pins) + by)
		o.blocks[b].used = now
	}
}

// Complete reports whether the whole object is present and verified. It may be evicted again unless pinned.
func (o *Object) Complete() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.complete()
}

func (o *Object) complete() bool { return o.missing == 0 && o.verified && o.bad == nil }

// Pin keeps a complete object whole until unpin is called, and returns its file for kernel passthrough. ok is
// false when the object is not complete.
func (o *Object) Pin() (f *os.File, unpin func(), ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.complete() {
		return nil, nil, false
	}
	o.pinned++
	o.open++
	now := o.c.clock.Add(1)
	for b := range o.blocks {
		o.blocks[b].used = now
	}
	return o.file, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.pinned--
		o.drop()
	}, true
}
