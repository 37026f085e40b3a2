package cache

import (
	"context"
	"slices"
	"sync"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Constants of read-ahead: a stream begins with firstWindow and doubles up to maxWindow ahead of its reader.
const (
	firstWindow = 1 << 20
	maxWindow   = 8 * partSize
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
	window int64 // bytes to have ahead, 0 until a second read follows the first
	until  int64 // byte up to which was fetched ahead
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
	c := cursor{next: off, until: off}
	switch {
	case i >= 0:
		c = r.cursors[i]
		r.cursors = slices.Delete(r.cursors, i, i+1)
		if c.window == 0 && off >= c.next-slackBack && off <= c.next+chunk {
			c.window = firstWindow
		}
	case off == 0: // most files are read from the start
		c.window = firstWindow
	}
	if len(r.cursors) == cursors {
		r.cursors = r.cursors[:cursors-1]
	}
	c.next = max(c.next, off+n)
	c.until = max(c.until, c.next)
	if i < 0 && c.window > 0 {
		c.until = off
	}
	most := int64(maxWindow)
	if q := r.o.c.quota; q > 0 {
		most = min(most, q/16)
	}
	from, to = c.until, c.until
	part := min(partSize, max(firstWindow, c.window/4))
	if goal := min(c.next+c.window, r.o.info.Size); c.window > 0 && (goal-c.until >= part || goal == r.o.info.Size) && goal > c.until {
		to = goal
		c.until = goal
		c.window = min(2*c.window, max(most, firstWindow))
	}
	r.cursors = slices.Insert(r.cursors, 0, c)
	return from, to
}
