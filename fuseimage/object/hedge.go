package object

import (
	"context"
	"slices"
	"sync"
	"time"
)

// open starts a GET and, when its headers take three times as long as most do, a second one beside it; whichever
// replies first is used and the other dropped, so no byte is delivered twice.
func (c *Client) open(ctx context.Context, info Info, off, n int64) (*body, error) {
	type result struct {
		*body
		err error
		who int
	}
	results := make(chan result, 2)
	var cancels []context.CancelFunc
	launch := func() {
		ctx, cancel := context.WithCancel(ctx)
		who := len(cancels)
		cancels = append(cancels, cancel)
		go func() {
			b, err := c.request(ctx, info, off, n)
			results <- result{b, err, who}
		}()
	}
	launch()
	hedge := time.NewTimer(c.patience())
	defer hedge.Stop()
	for pending := 1; ; {
		select {
		case <-hedge.C:
			select {
			case c.hedging <- struct{}{}:
				defer func() { <-c.hedging }()
				c.counts.hedges.Add(1)
				c.counts.attempt(opGet, false)
				launch()
				pending++
			default: // enough are under way: the server is slow, not one connection
			}
		case r := <-results:
			pending--
			cancel := cancels[r.who]
			if r.err != nil {
				cancel()
				if pending > 0 {
					continue
				}
				return nil, r.err
			}
			if pending > 0 {
				cancels[1-r.who]()
				go func() {
					if late := <-results; late.body != nil {
						late.body.close()
					}
				}()
			}
			stop := r.body.close
			r.body.close = func() { cancel(); stop() }
			return r.body, nil
		}
	}
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
