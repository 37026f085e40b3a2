package object

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// do runs one S3 operation until it succeeds, fails for good or has failed for Config.Retry without progress.
// attempt gets the options of the bucket; it calls progress when part of the work is done and need not be repeated.
func (c *Client) do(ctx context.Context, op string, key Key, attempt func(ctx context.Context, progress func(), o func(*s3.Options)) error) error {
	l := c.bucket(key.Bucket)
	since, tries := time.Now(), 0
	progress := func() { since, tries = time.Now(), 0 }
	refused := 0 // replies that a fresh credential, clock or region may heal
	for n := 0; ; n++ {
		t, err := l.admit(ctx)
		if err != nil {
			return c.fail(op, key, err)
		}
		c.counts.attempt(op, n > 0)
		err = attempt(ctx, progress, l.options)
		v := judge(op, err)
		l.release(t, err == nil, v == throttled)
		if err == nil {
			c.budget.earn()
			return nil
		}
		if ctx.Err() != nil {
			return c.fail(op, key, errors.Join(ctx.Err(), err))
		}
		tries++
		switch v {
		case permanent:
			return c.fail(op, key, err)
		case expired, elsewhere, skewed:
			if refused++; refused > 3 {
				return c.fail(op, key, err)
			}
			if v == expired {
				c.credentials.Invalidate()
			} else if v == elsewhere && !l.move(regionOf(err)) {
				return c.fail(op, key, err)
			}
			continue
		case doubtful:
			if tries > 4 {
				return c.fail(op, key, err)
			}
		}
		if time.Since(since) > c.cfg.Retry {
			return c.fail(op, key, err)
		}
		c.log.Debug("retry", "op", op, "key", key.String(), "try", tries, "err", err)
		if err := c.pause(ctx, v, tries, c.cfg.Retry-time.Since(since)); err != nil {
			return c.fail(op, key, err)
		}
	}
}

// pause sleeps with full jitter, longer when too many requests are being retried, but not beyond what is left.
func (c *Client) pause(ctx context.Context, v verdict, tries int, left time.Duration) error {
	base, most := 50*time.Millisecond, 5*time.Second
	if v == throttled {
		base, most = 200*time.Millisecond, 20*time.Second
	}
	if v == stalled && tries == 1 {
		base = time.Millisecond // the time was lost already
	}
	d := min(most, base<<min(tries-1, 12))
	d = time.Duration(rand.Int64N(int64(d)))
	d = min(max(d, c.budget.spend()), max(left, time.Millisecond))
	c.counts.wait(d)
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// budget bounds the retries of all requests together: each costs a token, each success earns half of one, and tokens
// come back at 10 a second. Without tokens retries are spread out instead of refused.
type budget struct {
	mu     sync.Mutex
	tokens float64 // guarded by mu; negative: promised to retries that sleep
	filled time.Time
}

const (
	budgetTokens = 100
	budgetRate   = 10 // tokens a second
)

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(budgetTokens, b.tokens+0.5)
}

// spend takes a token and returns how long to wait until it is there.
func (b *budget) spend() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.filled.IsZero() {
		b.tokens = budgetTokens
	} else {
		b.tokens = min(budgetTokens, b.tokens+budgetRate*now.Sub(b.filled).Seconds())
	}
	b.filled = now
	b.tokens--
	return time.Duration(max(0, -b.tokens/budgetRate) * float64(time.Second))
}

func (l *limiter) options(o *s3.Options) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.optionsLocked(o)
}

func (l *limiter) optionsLocked(o *s3.Options) {
	if l.region != "" {
		o.Region = l.region
	}
}

// move notes the bucket's true region; false when nothing new was learned.
func (l *limiter) move(region string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if region == "" || region == l.region {
		return false
	}
	l.region, l.target = region, nil
	return true
}
