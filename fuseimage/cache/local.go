package cache

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Local is a file of the task's own, whose bytes need not be in S3 yet.
type Local struct {
	c    *Cache
	path string
	file *os.File

	mu    sync.Mutex // before Cache.mu
	refs  int        // guarded by mu, as all below
	taken int64      // bytes of Cache.dirty
}

// Local makes a new empty dirty file, with one reference that its Close gives back.
func (c *Cache) Local() (*Local, error) {
	c.mu.Lock()
	path := c.path()
	c.mu.Unlock()
	f, err := openBytes(path, os.O_EXCL)
	if err != nil {
		return nil, err
	}
	return &Local{c: c, path: path, file: f, refs: 1}, nil
}

// File returns the file, open for reading and writing.
func (l *Local) File() *os.File { return l.file }

// Size returns the present length in bytes.
func (l *Local) Size() int64 {
	st, err := l.file.Stat()
	if err != nil {
		return 0
	}
	return st.Size()
}

// WriteAt writes to the file; when the quota or the disk is full it makes room as MakeRoom does and goes on.
func (l *Local) WriteAt(ctx context.Context, p []byte, off int64) (int, error) {
	if err := l.grow(ctx, off+int64(len(p))); err != nil {
		return 0, err
	}
	for done := 0; ; {
		n, err := l.file.WriteAt(p[done:], off+int64(done))
		done += n
		if !errors.Is(err, syscall.ENOSPC) {
			return done, err
		}
		if err := l.c.MakeRoom(ctx, int64(len(p)-done)); err != nil {
			return done, err
		}
	}
}

// Reserve asks the disk for the room of the file's first n bytes, so that they can be written when the rest of the disk is
// full. Not every disk can, and then they cannot.
func (l *Local) Reserve(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n <= l.taken || !l.c.take(n-l.taken) {
		return
	}
	l.taken = n
	_ = unix.Fallocate(int(l.file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, n)
}

// grow accounts for a file that will have size bytes.
func (l *Local) grow(ctx context.Context, size int64) error {
	for {
		l.mu.Lock()
		more := size - l.taken
		fits := more <= 0 || l.c.take(more)
		if fits && more > 0 {
			l.taken = size
		}
		l.mu.Unlock()
		if fits {
			return nil
		}
		if err := l.c.MakeRoom(ctx, more); err != nil {
			return err
		}
	}
}

// take adds n dirty bytes if the quota has them.
func (c *Cache) take(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quota > 0 && c.clean+c.dirty+n > c.quota {
		c.evictLocked(c.clean + c.dirty + n - c.quota)
		if c.clean+c.dirty+n > c.quota {
			return false
		}
	}
	c.dirty += n
	return true
}

// Dirty tells the cache to look again at the space the file takes. It is cheap; call it after writes that did not
// go through WriteAt, at least at close.
func (l *Local) Dirty() {
	st, err := l.file.Stat()
	if err != nil {
		return
	}
	used := st.Sys().(*syscall.Stat_t).Blocks * 512
	l.mu.Lock()
	defer l.mu.Unlock()
	l.c.shift(used - l.taken)
	l.taken = used
}

// shift changes the dirty bytes, and evicts clean ones when that is too much.
func (c *Cache) shift(by int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty += by
	if over := c.over(0); by > 0 && over > 0 {
		c.evictLocked(over)
	} else if by < 0 {
		c.wake()
	}
}

// Pending marks the file as about to be uploaded, so that MakeRoom waits for it, until done is called: after the file
// was given up or became clean.
func (l *Local) Pending() (done func()) {
	l.c.waits(1)
	return sync.OnceFunc(func() { l.c.waits(-1) })
}

func (c *Cache) waits(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending += by
	c.wake()
}

// Retain takes another reference.
func (l *Local) Retain() *Local {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refs++
	return l
}

// Close gives a reference back; the last one removes the file.
func (l *Local) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refs--; l.refs > 0 {
		return
	}
	l.file.Close()
	if l.path != "" {
		os.Remove(l.path)
	}
	l.c.shift(-l.taken)
	l.taken = 0
}
