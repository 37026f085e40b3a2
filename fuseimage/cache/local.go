package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/object"
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
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
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

// Adopt fills the empty file with o's bytes, by reflink where the disk can, fetching what is missing.
func (l *Local) Adopt(ctx context.Context, o *Object) error {
	if f, unpin, ok := o.Pin(); ok {
		defer unpin()
		if err := l.grow(ctx, o.info.Size); err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(l.file, 0), io.NewSectionReader(f, 0, o.info.Size)); err != nil {
			return err
		}
		return nil
	}
	buf := make([]byte, block)
	r := o.Reader()
	for off := int64(0); off < o.info.Size; {
		n, err := r.ReadAt(ctx, buf, off)
		if n == 0 && err != nil {
			return err
		}
		if _, err := l.WriteAt(ctx, buf[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// Clean turns a file whose bytes are exactly info into the cached copy of info, which may be evicted. The local's
// other references must be gone; its own is spent. The object comes with one reference.
func (l *Local) Clean(info object.Info) (*Object, error) {
	l.mu.Lock()
	alone := l.refs == 1
	l.mu.Unlock()
	if !alone || l.Size() != info.Size {
		return nil, errors.New("the file is still in use, or not this version")
	}
	c := l.c
	c.mu.Lock()
	v := version{info.Key, info.ETag, info.Size}
	becomes := c.objects[v] == nil
	if becomes {
		o := newObject(c, info, l.path)
		o.made, o.verified, o.missing = true, true, 0
		for i := range chunks(info.Size) {
			o.blocks[i/perBlock].present |= 1 << (i % perBlock)
			o.blocks[i/perBlock].used = c.clock.Add(1)
		}
		c.objects[v] = o
		c.clean += chunks(info.Size) * chunk
	}
	c.mu.Unlock()
	if becomes {
		l.mu.Lock()
		l.path = "" // the object's now
		l.mu.Unlock()
	}
	o, err := c.Object(info)
	if err == nil {
		l.Close()
	}
	return o, err
}

// Pending marks the file as about to be uploaded, so that MakeRoom waits for it, until done is called.
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
