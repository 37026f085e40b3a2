package object

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts what a Client did since New.
type Stats struct {
	Requests map[string]int64 // attempts by operation, such as GetObject
	Retries  int64            // attempts after the first
	Hedges   int64            // attempts beside a slow one
	Down, Up int64            // body bytes received, and sent
	Waited   time.Duration    // in back-off, summed over requests
}

type counts struct {
	retries, hedges, down, up, waited atomic.Int64

	mu sync.Mutex
	op map[string]int64 // guarded by mu
}

func (c *counts) attempt(op string, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.op == nil {
		c.op = map[string]int64{}
	}
	c.op[op]++
	if again {
		c.retries.Add(1)
	}
}

func (c *counts) wait(d time.Duration) { c.waited.Add(int64(d)) }

// Stats returns a snapshot.
func (c *Client) Stats() Stats {
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	return Stats{
		Requests: maps.Clone(c.counts.op),
		Retries:  c.counts.retries.Load(),
		Hedges:   c.counts.hedges.Load(),
		Down:     c.counts.down.Load(),
		Up:       c.counts.up.Load(),
		Waited:   time.Duration(c.counts.waited.Load()),
	}
}
