package task

import (
	"errors"
	"io"
	"sync"
	"time"
)

// backlog is how much a background keeps, bytes; it drops what comes on top.
const backlog = 1 << 20

// A background is a writer that nobody waits for: a goroutine passes on what it is given. The log needs it, because who
// writes to the cache may have to wait for uploads, and uploads write to the log.
type background struct {
	to   io.WriteCloser
	done chan struct{} // closed when all is passed on

	mu    sync.Mutex
	moved *sync.Cond // of mu: held or over changed
	held  []byte     // guarded by mu; not yet passed on
	over  bool       // guarded by mu; nothing more comes
}

func newBackground(to io.WriteCloser) *background {
	b := &background{to: to, done: make(chan struct{})}
	b.moved = sync.NewCond(&b.mu)
	go b.pass()
	return b
}

// Write takes p whole, or drops it.
func (b *background) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over && len(b.held)+len(p) <= backlog {
		b.held = append(b.held, p...)
		b.moved.Signal()
	}
	return len(p), nil
}

// Close passes on what is held, and closes the place. It does not wait for ever for a place that refuses to write.
func (b *background) Close() error {
	b.mu.Lock()
	b.over = true
	b.moved.Signal()
	b.mu.Unlock()
	select {
	case <-b.done:
		return b.to.Close()
	case <-time.After(closing):
		return errors.New("the log cannot be written")
	}
}

func (b *background) pass() {
	defer close(b.done)
	for {
		b.mu.Lock()
		for len(b.held) == 0 && !b.over {
			b.moved.Wait()
		}
		next := b.held
		b.held = nil
		b.mu.Unlock()
		if len(next) == 0 {
			return
		}
		_, _ = b.to.Write(next) // a full log must not stop a task
	}
}
