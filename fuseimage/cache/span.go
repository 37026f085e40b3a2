package cache

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// span is a request for consecutive chunks.
type span struct {
	off, n int64
	raise  func(object.Priority)
	done   bool // guarded by Object.mu
	err    error
}

// claim marks chunk i as on its way; false when it is or was. o.mu is held.
func (o *Object) claim(i int64) bool {
	b, bit := &o.blocks[i/perBlock], uint16(1)<<(i%perBlock)
	if (b.present|b.fetching)&bit != 0 {
		return false
	}
	b.fetching |= bit
	return true
}

// unclaim gives chunks [i, j) up. o.mu is held.
func (o *Object) unclaim(i, j int64) (n int64) {
	for ; i < j; i++ {
		if b, bit := &o.blocks[i/perBlock], uint16(1)<<(i%perBlock); b.fetching&bit != 0 {
			b.fetching &^= bit
			n++
		}
	}
	return n
}

// arrive marks chunks [i, j) as present and wakes those who wait. o.mu is held.
func (o *Object) arrive(i, j int64) {
	now := o.c.clock.Load()
	for ; i < j; i++ {
		b, bit := &o.blocks[i/perBlock], uint16(1)<<(i%perBlock)
		b.fetching &^= bit
		b.present |= bit
		b.used = max(b.used, now)
		o.missing--
	}
	o.broadcast()
}

func (o *Object) broadcast() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// run fetches one span. A whole object is shown only after its checksum was found right.
func (o *Object) run(ctx context.Context, s *span) {
	whole := s.n == o.info.Size
	next := s.off / chunk // first chunk not arrived
	var seen *object.Run
	o.mu.Lock()
	tally := o.tally
	o.mu.Unlock()
	if tally != nil {
		seen = tally.Begin(s.off)
	}
	sink := func(off int64, p []byte) error {
		if err := o.c.write(o.file, p, off); err != nil {
			return err
		}
		if seen != nil {
			seen.Write(p)
		}
		end := (off + int64(len(p))) / chunk
		if off+int64(len(p)) == o.info.Size {
			end = chunks(o.info.Size)
		}
		if end > next && !whole {
			o.mu.Lock()
			o.arrive(next, end)
			o.mu.Unlock()
			next = end
		}
		return nil
	}
	err := o.c.client.Get(ctx, o.info, s.off, s.n, sink)
	for tries := 0; errors.Is(err, object.ErrCorrupt) && whole && tries < 3; tries++ {
		if seen != nil {
			seen = tally.Begin(s.off)
		}
		err = o.c.client.Get(ctx, o.info, s.off, s.n, sink)
	}
	if seen != nil && !(whole && err != nil) {
		tally.Add(seen)
	}

	o.mu.Lock()
	if err == nil && whole {
		o.arrive(next, chunks(s.n))
		o.verified = true
	}
	back := o.unclaim(next, chunks(s.off+s.n))
	s.done, s.err = true, err
	o.spans = slices.DeleteFunc(o.spans, func(t *span) bool { return t == s })
	whole = o.missing == 0 && len(o.spans) == 0
	if whole {
		o.judge()
	}
	o.broadcast()
	o.mu.Unlock()
	o.c.refund(back * chunk)
	if whole {
		if err := o.settle(ctx); err != nil {
			o.c.log.Warn("an object could not be verified", "key", o.info.Key.String(), "err", err)
		}
	}
	o.mu.Lock()
	o.drop()
	o.mu.Unlock()
}

// write puts fetched bytes into a file, making room once when the disk is full.
func (c *Cache) write(f interface {
	WriteAt([]byte, int64) (int, error)
}, p []byte, off int64) error {
	_, err := f.WriteAt(p, off)
	if errors.Is(err, syscall.ENOSPC) && c.evict(max(int64(len(p)), 4*block)) > 0 {
		_, err = f.WriteAt(p, off)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return syscall.ENOSPC
	}
	return err
}
