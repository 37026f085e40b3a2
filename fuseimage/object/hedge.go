package object

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// open starts a GET and, when its headers take three times as long as most do, a second one beside it; whichever
// replies first is used and the other dropped, so no byte is delivered twice. The first runs in the caller's goroutine,
// because most reads wait for nothing else.
func (c *Client) open(ctx context.Context, info Info, off, n int64) (*body, error) {
	first, endFirst := context.WithCancel(ctx)
	second, endSecond := context.WithCancel(ctx)
	var won atomic.Bool // by a reply
	late := make(chan *body, 1)
	hedge := time.AfterFunc(c.patience(), func() {
		b := c.beside(second, info, off, n)
		switch {
		case b == nil:
		case won.CompareAndSwap(false, true):
			endFirst()
		default:
			b.close()
		}
		late <- b
	})
	b, err := c.request(first, info, off, n)
	hedged := !hedge.Stop()
	if err == nil && won.CompareAndSwap(false, true) {
		endSecond()
		return b.until(endFirst), nil
	}
	if err == nil {
		b.close()
	}
	endFirst()
	if hedged {
		if b := <-late; b != nil {
			return b.until(endSecond), nil
		}
	}
	endSecond()
	return nil, err
}

// beside makes the second request; nil when it fails, or when so many are under way that the server must be slow and
// not one connection.
func (c *Client) beside(ctx context.Context, info Info, off, n int64) *body {
	select {
	case c.hedging <- struct{}{}:
		defer func() { <-c.hedging }()
	default:
		return nil
	}
	c.counts.hedges.Add(1)
	c.counts.attempt(opGet, false)
	b, err := c.request(ctx, info, off, n)
	if err != nil {
		return nil
	}
	return b
}

// until has end called when the body is closed.
func (b *body) until(end func()) *body {
	stop := b.close
	b.close = func() { end(); stop() }
	return b
}

// patience is how long headers may take before a second request is made.
func (c *Client) patience() time.Duration {
	d := c.cfg.Idle / 2
	if p := c.first.p95(); p > 0 {
		d = min(d, max(100*time.Millisecond, 3*p))
	}
	return d
}

// latency estimates the 95th percentile of recent durations.
type latency struct {
	mu     sync.Mutex
	recent [64]time.Duration // ring; guarded by mu, as all below
	next   int
	value  time.Duration
}

func (l *latency) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recent[l.next%len(l.recent)] = d
	if l.next++; l.next%16 == 0 {
		sorted := slices.Clone(l.recent[:min(l.next, len(l.recent))])
		slices.Sort(sorted)
		l.value = sorted[len(sorted)*95/100]
	}
}

// p95 is 0 until 16 durations are known.
func (l *latency) p95() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value
}
