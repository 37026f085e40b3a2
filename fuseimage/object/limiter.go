package object

import (
	"context"
	"sync"
	"time"
)

// limiter admits requests to one bucket. Its window grows by half each round trip until the server first says SlowDown,
// then by one a round trip; each SlowDown halves it.
type limiter struct {
	max float64

	mu       sync.Mutex
	window   float64 // guarded by mu, as all below
	inflight int
	steady   bool      // past the first SlowDown
	cut      time.Time // of the last halving
	waiting  []*ticket // in order of arrival
	region   string    // the bucket's, when it is not the client's
	target   *target   // nil until it is resolved
}

type ticket struct {
	ctx     context.Context // carries the priority, which may rise while the ticket waits
	granted chan struct{}
	begun   time.Time
	full    bool // more than half of the window was in use: more would have been asked for
}

func newLimiter(most int) *limiter {
	return &limiter{max: float64(most), window: float64(min(4, most))}
}

// admit waits for a place. Each ticket must be released.
func (l *limiter) admit(ctx context.Context) (*ticket, error) {
	t := &ticket{ctx: ctx, granted: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, t)
	l.grant()
	l.mu.Unlock()
	select {
	case <-t.granted:
		return t, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == t {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return nil, ctx.Err()
		}
	}
	l.inflight-- // granted meanwhile
	l.grant()
	return nil, ctx.Err()
}

// grant lets in whom the window allows. A quarter of it is out of reach of speculative requests. l.mu is held.
func (l *limiter) grant() {
	for len(l.waiting) > 0 {
		best := 0
		for i, t := range l.waiting {
			if priority(t.ctx) < priority(l.waiting[best].ctx) {
				best = i
			}
		}
		t := l.waiting[best]
		room := l.window
		if priority(t.ctx) == Speculative {
			room -= room / 4
		}
		if float64(l.inflight+1) > max(1, room) {
			return
		}
		l.waiting = append(l.waiting[:best], l.waiting[best+1:]...)
		l.inflight++
		t.begun, t.full = time.Now(), 2*float64(l.inflight) > l.window
		close(t.granted)
	}
}

// release ends a request. throttled says that the server asked for fewer, ok that it served.
func (l *limiter) release(t *ticket, ok, throttled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inflight--
	switch {
	case throttled && t.begun.After(l.cut): // one halving for all requests that were in flight together
		l.window, l.steady, l.cut = max(1, l.window/2), true, time.Now()
	case ok && t.full && l.steady:
		l.window = min(l.max, l.window+2/l.window)
	case ok && t.full:
		l.window = min(l.max, l.window+1)
	}
	l.grant()
}
