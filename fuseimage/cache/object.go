package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Units of the sparse files.
const (
	chunk     = 64 << 10 // bytes that are fetched or not
	block     = 1 << 20  // bytes that are evicted or not
	perBlock  = block / chunk
	partSize  = 8 << 20 // bytes of the largest request
	perObject = 16      // most fetches of one object ahead of its readers
)

// An Object is the cached copy of one version of an object.
type Object struct {
	c    *Cache
	info object.Info
	path string
	refs int // guarded by Cache.mu

	mu       sync.Mutex
	file     *os.File // open while there are references or spans; guarded by mu, as all below
	open     int      // references and spans
	made     bool     // the file exists on disk
	blocks   []state
	missing  int64 // chunks
	pinned   int   // pins of the whole
	spans    []*span
	changed  chan struct{} // closed, and replaced, at every change a waiter may wait for
	tally    *object.Tally // nil until the checksum is known
	asked    bool          // for the checksum
	verified bool          // all bytes that are present match the object's checksum, as far as the server told one
	handed   bool          // bytes were handed out before they were verified
	bad      error         // the object failed its checksum after bytes had been handed out
	spoiled  int           // times it failed before
}

// state of a block; a bit for each chunk.
type state struct {
	present, fetching uint16
	pins              uint16
	used              uint32 // Cache.clock at the last use
}

func newObject(c *Cache, info object.Info, path string) *Object {
	return &Object{
		c: c, info: info, path: path,
		blocks:   make([]state, (info.Size+block-1)/block),
		missing:  chunks(info.Size),
		changed:  make(chan struct{}),
		tally:    object.NewTally(info),
		verified: info.Size == 0,
	}
}

func chunks(size int64) int64 { return (size + chunk - 1) / chunk }

// Info returns the version.
func (o *Object) Info() object.Info { return o.info }

// retain takes a reference; sum is the checksum, where the caller knows it. Cache.mu is held.
func (o *Object) retain(sum object.Checksum) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.acquire(); err != nil {
		return err
	}
	if o.tally == nil && sum.Value != "" {
		o.learn(sum)
	}
	o.refs++
	return nil
}

// learn notes the object's checksum. o.mu is held.
func (o *Object) learn(sum object.Checksum) {
	o.info.Checksum = sum
	o.tally = object.NewTally(o.info)
}

// acquire opens the file for one more user. o.mu is held.
func (o *Object) acquire() error {
	if o.open == 0 {
		f, err := os.OpenFile(o.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil && !o.made {
			err = f.Truncate(o.info.Size)
		}
		if err != nil {
			if f != nil {
				f.Close()
			}
			return err
		}
		o.file, o.made = f, true
	}
	o.open++
	return nil
}

// drop undoes acquire. o.mu is held.
func (o *Object) drop() {
	if o.open--; o.open == 0 {
		o.file.Close()
		o.file = nil
	}
}

// Retain takes another reference.
func (o *Object) Retain() *Object {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs++
	o.open++
	return o
}

// Close gives a reference back. The bytes stay cached.
func (o *Object) Close() {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs--
	o.drop()
}

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
	if err := o.ensure(ctx, off, n); err != nil {
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

// File returns the sparse file. Only held or pinned ranges of it hold the object's bytes.
func (o *Object) File() *os.File { return o.file }

// Fetch makes the whole object present and verified; ENOSPC when it does not fit.
func (o *Object) Fetch(ctx context.Context) error {
	for try := 0; ; try++ {
		for off := int64(0); off < o.info.Size; off += partSize {
			o.start(off, min(perObject/2*partSize, o.info.Size-off), object.Demand)
			if err := o.ensure(ctx, off, min(partSize, o.info.Size-off)); err != nil {
				return err
			}
		}
		if err := o.settle(ctx); err != nil {
			return err
		}
		if o.Complete() {
			return nil
		}
		if try == 3 {
			return syscall.ENOSPC // evicted as fast as it came
		}
	}
}
