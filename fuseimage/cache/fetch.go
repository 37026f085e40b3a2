package cache

import (
	"context"
	"errors"
	"fmt"
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

// ensure waits until [off, off+n) is present. The range is pinned.
func (o *Object) ensure(ctx context.Context, off, n int64) error {
	if n == 0 {
		return nil
	}
	waited := false
	for {
		absent, watched, changed, err := o.look(off, n)
		if err != nil {
			return err
		}
		if !waited {
			waited = true
			o.c.hits.Add(max(0, n-absent))
			o.c.misses.Add(min(n, absent))
		}
		if absent == 0 {
			return nil
		}
		mine, err := o.start(off, n, object.Demand)
		if err != nil {
			return err
		}
		if len(mine)+len(watched) == 0 {
			continue // it came meanwhile
		}
		for _, s := range watched {
			s.raise(object.Demand)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		o.mu.Lock()
		for _, s := range mine {
			if s.done && s.err != nil {
				err = s.err
			}
		}
		o.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// look counts the absent bytes of a range, lists the spans that fetch some of it, and returns what tells of a change.
func (o *Object) look(off, n int64) (absent int64, watched []*span, changed <-chan struct{}, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bad != nil {
		return 0, nil, nil, o.bad
	}
	for i := off / chunk; i <= (off+n-1)/chunk; i++ {
		if o.blocks[i/perBlock].present&(1<<(i%perBlock)) == 0 {
			absent += chunk
		}
	}
	if absent > 0 {
		for _, s := range o.spans {
			if s.off < off+n && off < s.off+s.n {
				watched = append(watched, s)
			}
		}
	} else if !o.verified {
		o.handed = true
	}
	return absent, watched, o.changed, nil
}

// start fetches in the background those chunks of a range that are absent and not on their way. A speculative fetch
// is left out without an error when there is no room for it.
func (o *Object) start(off, n int64, p object.Priority) (started []*span, err error) {
	if n <= 0 {
		return nil, nil
	}
	if o.info.Size <= Small {
		off, n = 0, o.info.Size
	}
	first, last := off/chunk, (off+n-1)/chunk
	want := o.absent(first, last)
	if want == 0 {
		return nil, nil
	}
	if err := o.c.reserve(want*chunk, p == object.Speculative); err != nil {
		if p == object.Speculative {
			err = nil
		}
		return nil, err
	}
	started, taken, err := o.launch(first, last, p)
	o.c.refund((want - taken) * chunk)
	return started, err
}

// launch starts the spans of start, for which room was made, and returns how many chunks they have.
func (o *Object) launch(first, last int64, p object.Priority) (started []*span, taken int64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := first; i <= last && (p != object.Speculative || len(o.spans) < perObject); {
		if !o.claim(i) {
			i++
			continue
		}
		j := i + 1
		for j <= last && j-i < partSize/chunk && o.claim(j) {
			j++
		}
		if err = o.acquire(); err != nil {
			o.unclaim(i, j)
			break
		}
		s := &span{off: i * chunk, n: min(j*chunk, o.info.Size) - i*chunk}
		var ctx context.Context
		ctx, s.raise = object.WithRaisable(o.c.ctx, p)
		o.spans = append(o.spans, s)
		started = append(started, s)
		taken += j - i
		o.c.running.Go(func() { o.run(ctx, s) })
		i = j
	}
	if len(started) > 0 && o.tally == nil && o.info.Size > partSize && !o.asked {
		o.asked = true
		o.c.running.Go(o.ask)
	}
	return started, taken, err
}

func (o *Object) absent(first, last int64) (n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := first; i <= last; i++ {
		if b := &o.blocks[i/perBlock]; (b.present|b.fetching)&(1<<(i%perBlock)) == 0 {
			n++
		}
	}
	return n
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

// judge verifies the object once all its bytes have come. o.mu is held.
func (o *Object) judge() {
	if o.verified || o.tally == nil {
		return // settle does it where the checksum came late
	}
	switch seen, match := o.tally.Verdict(); {
	case !seen:
	case match:
		o.verified = true
	case o.handed:
		o.bad = fmt.Errorf("%w: %s as read, of which parts were used already", object.ErrCorrupt, o.info.Key)
		go o.c.blame(o.bad)
	default:
		o.forget()
	}
}

// forget drops all bytes, to fetch them again. o.mu is held, nothing is pinned by a reader that has seen bytes.
func (o *Object) forget() {
	if o.spoiled++; o.spoiled > 3 {
		o.bad = fmt.Errorf("%w: %s, fetched %d times", object.ErrCorrupt, o.info.Key, o.spoiled)
		return
	}
	for i := range o.blocks {
		o.blocks[i].present = 0
	}
	n := chunks(o.info.Size)
	o.missing = n
	o.tally.Reset()
	go o.c.refund(n * chunk)
}

// ask learns the checksum of an object that came from a list.
func (o *Object) ask() {
	o.mu.Lock()
	known := o.tally != nil
	o.asked = true
	o.mu.Unlock()
	if known {
		return
	}
	head, err := o.c.client.Head(object.WithPriority(o.c.ctx, object.Output), o.info.Key)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil && head.ETag == o.info.ETag && o.tally == nil && head.Checksum.Value != "" {
		o.learn(head.Checksum)
	}
}

// settle verifies a present object whose checksum came too late to count the bytes as they came, by reading the file.
func (o *Object) settle(ctx context.Context) error {
	o.mu.Lock()
	ready := o.missing == 0 && !o.verified && o.bad == nil && len(o.spans) == 0
	o.mu.Unlock()
	if !ready {
		return nil
	}
	o.ask()
	o.mu.Lock()
	tally := o.tally
	o.mu.Unlock()
	if tally == nil { // the server knows no checksum of the full object
		o.mu.Lock()
		defer o.mu.Unlock()
		o.verified = o.missing == 0
		return nil
	}
	o.pin(0, o.info.Size, 1)
	defer o.pin(0, o.info.Size, -1)
	buf := make([]byte, object.BufferSize)
	tally.Reset()
	run := tally.Begin(0)
	for off := int64(0); off < o.info.Size && ctx.Err() == nil; {
		n, err := o.file.ReadAt(buf[:min(int64(len(buf)), o.info.Size-off)], off)
		if n == 0 && err != nil {
			return err
		}
		run.Write(buf[:n])
		off += int64(n)
	}
	tally.Add(run)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.missing == 0 {
		o.judge()
	}
	return errors.Join(ctx.Err(), o.bad)
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

// Prefetch fetches [off, off+n) in the background, at the lowest priority.
func (o *Object) Prefetch(off, n int64) {
	n = min(n, o.info.Size-off)
	if off >= 0 && n > 0 {
		o.start(off, n, object.Speculative)
	}
}
