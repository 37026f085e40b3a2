package cache

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
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

	ahead atomic.Int64 // this object's part of Cache.ahead

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
	none     bool          // the server knows no checksum of the full object
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

// learn notes the object's checksum; info itself never changes, because it is read without the lock. o.mu is held.
func (o *Object) learn(sum object.Checksum) {
	info := o.info
	info.Checksum = sum
	o.tally = object.NewTally(info)
}

// acquire opens the file for one more user. o.mu is held.
func (o *Object) acquire() error {
	if o.open == 0 {
		f, err := openBytes(o.path, 0)
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
	if o.refs--; o.refs == 0 { // its handles are gone
		o.c.ahead.Add(-o.ahead.Swap(0))
	}
	o.drop()
}

// File returns the sparse file. Only held or pinned ranges of it hold the object's bytes.
func (o *Object) File() *os.File { return o.file }

// Fetch makes the whole object present and verified; ENOSPC when it does not fit.
func (o *Object) Fetch(ctx context.Context) error {
	for try := 0; ; {
		for off := int64(0); off < o.info.Size; off += partSize {
			o.start(off, min(perObject/2*partSize, o.info.Size-off), object.Demand)
			if err := o.ensure(ctx, off, min(partSize, o.info.Size-off), false); err != nil {
				return err
			}
		}
		if err := o.settle(ctx); err != nil {
			return err
		}
		if o.Complete() {
			return nil
		}
		if left := o.arriving(); left != nil {
			select {
			case <-left:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		if try++; try > 3 {
			return syscall.ENOSPC // evicted as fast as it came
		}
	}
}

// arriving returns what tells of a change when all bytes are there, and those who brought them have not left yet: settle
// waits for that. Otherwise nil.
func (o *Object) arriving() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.missing == 0 && !o.verified && o.bad == nil && len(o.spans) > 0 {
		return o.changed
	}
	return nil
}
