package cache

import (
	"context"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// ensure waits until [off, off+n) is present. hand says that the bytes are to be used, verified or not; the range is
// pinned then.
func (o *Object) ensure(ctx context.Context, off, n int64, hand bool) error {
	if n == 0 {
		return nil
	}
	waited := false
	for {
		absent, watched, changed, err := o.look(off, n, hand)
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
func (o *Object) look(off, n int64, hand bool) (absent int64, watched []*span, changed <-chan struct{}, err error) {
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
	} else if hand && !o.verified {
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

// Prefetch fetches [off, off+n) in the background, at the lowest priority.
func (o *Object) Prefetch(off, n int64) {
	n = min(n, o.info.Size-off)
	if off >= 0 && n > 0 {
		o.start(off, n, object.Speculative)
	}
}
