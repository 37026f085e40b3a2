package cache

import (
	"context"
	"slices"
	"sync"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Constants of read-ahead. A stream has ahead of its reader growth times what was read so far, at least firstWindow, at
// most maxWindow, and all streams of a cache together at most maxAhead or a quarter of the quota.
const (
	growth      = 4 // each costs a round trip: with 2, a stream would be half a GiB far before it has its speed
	firstWindow = 1 << 20
	maxWindow   = 8 * partSize
	maxAhead    = 256 << 20
	slackBack   = 1 << 20 // a read so far behind its cursor still belongs to it (the kernel reads in parallel)
	slackAhead  = 4 << 20
	cursors     = 3 // streams that one handle reads side by side
)

// A Reader is one open handle on an object: it learns how the handle reads and fetches ahead accordingly.
// It is safe for concurrent use.
type Reader struct {
	o *Object

	mu      sync.Mutex
	cursors []cursor // most recently used first; guarded by mu
}

// cursor is one place that a handle reads on from.
type cursor struct {
	next   int64 // byte after the furthest read
	read   int64 // bytes read in this stream
	until  int64 // byte up to which was fetched ahead
	stream bool  // a second read followed the first
}

// Reader returns a new handle. It shares the object's reference.
func (o *Object) Reader() *Reader { return &Reader{o: o} }

// ReadAt is Object.ReadAt with read-ahead.
func (r *Reader) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	return r.o.readAt(ctx, p, off, r.Hold)
}

// Hold is Object.Hold with read-ahead.
func (r *Reader) Hold(ctx context.Context, off, n int64) (release func(), err error) {
	from, to := r.ahead(off, n)
	if from < off+n && to > off+n { // the first of a stream: one request for what is read and what comes next
		if _, err := r.o.start(off, to-off, object.Demand); err == nil {
			from = to
		}
	}
	release, err = r.o.Hold(ctx, off, n)
	if err == nil && from < to {
		r.o.start(from, to-from, object.Speculative)
	}
	return release, err
}

// ahead notes a read and returns the range to fetch ahead, empty for none.
func (r *Reader) ahead(off, n int64) (from, to int64) {
	if n == 0 {
		return 0, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.cursors, func(c cursor) bool { return c.next-slackBack <= off && off <= c.next+slackAhead })
	c := cursor{next: off, until: off, stream: off == 0} // most files are read from the start
	begins := c.stream
	if i >= 0 {
		c = r.cursors[i]
		r.cursors = slices.Delete(r.cursors, i, i+1)
		c.stream = c.stream || off <= c.next+chunk
	} else if len(r.cursors) == cursors {
		r.o.credit(r.cursors[cursors-1].lead())
		r.cursors = r.cursors[:cursors-1]
	}
	before := c.lead()
	c.next = max(c.next, off+n)
	c.read += n
	if !begins {
		c.until = max(c.until, c.next)
	}
	from, to = c.until, c.until
	if c.stream {
		window := r.o.allow(min(maxWindow, max(firstWindow, growth*c.read)), before)
		goal := min(c.next+window, r.o.info.Size)
		if part := min(partSize, max(firstWindow/2, window/4)); goal-from >= part || goal == r.o.info.Size && goal > from {
			to, c.until = goal, goal
		}
	}
	r.o.credit(before - c.lead())
	r.cursors = slices.Insert(r.cursors, 0, c)
	return from, to
}

// lead is how many bytes were fetched ahead of the reader.
func (c cursor) lead() int64 { return max(0, c.until-c.next) }

// allow cuts the window of a stream that has own bytes ahead already to what all streams may have.
func (o *Object) allow(window, own int64) int64 {
	most := int64(maxAhead)
	if q := o.c.quota; q > 0 {
		most = min(most, q/4)
	}
	return min(window, max(firstWindow, most-(o.c.ahead.Load()-own)))
}

// credit gives bytes of read-ahead back to the other streams; negative ones are taken.
func (o *Object) credit(n int64) {
	o.ahead.Add(-n)
	o.c.ahead.Add(-n)
}
