package cache

import (
	"cmp"
	"context"
	"math"
	"os"
	"slices"
	"syscall"
)

// reserve takes n bytes of the quota for clean data, evicting others for them. Gently means: not when that is
// needed and nothing old enough is there, so that what is fetched ahead does not push itself out.
func (c *Cache) reserve(n int64, gently bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if over := c.over(n); over > 0 {
		if gently && c.quota > 0 && n > c.quota/8 {
			return syscall.ENOSPC
		}
		c.evictLocked(over + min(c.quota/32, 64*block))
		if c.quota > 0 && c.clean+c.dirty+n > c.quota {
			return syscall.ENOSPC
		}
	}
	c.clean += n
	return nil
}

// refund gives back what reserve took and was not used, or what was evicted.
func (c *Cache) refund(n int64) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clean -= n
	c.wake()
}

// wake tells those who wait for space. c.mu is held.
func (c *Cache) wake() {
	close(c.freed)
	c.freed = make(chan struct{})
}

// over is by how many bytes n more would exceed the quota or the disk. c.mu is held.
func (c *Cache) over(n int64) int64 {
	over := int64(math.MinInt64)
	if c.quota > 0 {
		over = c.clean + c.dirty + n - c.quota
	}
	var st syscall.Statfs_t
	if syscall.Statfs(c.dir, &st) == nil {
		keep := min(int64(st.Blocks)*int64(st.Bsize)/20, 1<<30) // for writers that the kernel lets write directly
		over = max(over, n+keep-int64(st.Bavail)*int64(st.Bsize))
	}
	return over
}

// evict frees up to n bytes of clean data, least recently used first, and returns how many.
func (c *Cache) evict(n int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.evictLocked(n)
}

type victim struct {
	o    *Object
	b    int
	used uint32
}

func (c *Cache) evictLocked(n int64) (freed int64) {
	var victims []victim
	for _, o := range c.objects {
		o.mu.Lock()
		for b, s := range o.blocks {
			if s.present != 0 && s.pins == 0 && s.fetching == 0 && o.pinned == 0 {
				victims = append(victims, victim{o, b, s.used})
			}
		}
		o.mu.Unlock()
	}
	slices.SortFunc(victims, func(x, y victim) int { return cmp.Compare(x.used, y.used) })
	for _, v := range victims {
		if freed >= n {
			break
		}
		freed += v.o.punch(v.b)
	}
	for id, o := range c.objects {
		o.mu.Lock()
		if o.refs == 0 && o.open == 0 && o.missing == chunks(o.info.Size) {
			os.Remove(o.path)
			delete(c.objects, id)
		}
		o.mu.Unlock()
	}
	c.clean -= freed
	c.evicted.Add(freed)
	if freed > 0 {
		c.wake()
	}
	return freed
}

// punch frees block b, unless somebody came to use it, and returns how many bytes that were.
func (o *Object) punch(b int) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := &o.blocks[b]
	if s.present == 0 || s.pins != 0 || s.fetching != 0 || o.pinned != 0 {
		return 0
	}
	if o.open == 0 && len(o.blocks) == 1 {
		os.Remove(o.path)
		o.made = false
	} else if err := o.hollow(b); err != nil {
		return 0
	}
	n := int64(0)
	for ; s.present != 0; s.present &= s.present - 1 {
		n++
	}
	o.missing += n
	return n * chunk
}

func (o *Object) hollow(b int) error {
	if err := o.acquire(); err != nil {
		return err
	}
	defer o.drop()
	const punchHole, keepSize = 2, 1 // FALLOC_FL_*
	return syscall.Fallocate(int(o.file.Fd()), punchHole|keepSize, int64(b)*block, block)
}

// MakeRoom frees n bytes of disk: it evicts clean data, then waits for locals to be uploaded and given up as long
// as any is pending (see Local.Pending), then fails with ENOSPC. A writer calls it after an ENOSPC of its own.
func (c *Cache) MakeRoom(ctx context.Context, n int64) error {
	for {
		c.mu.Lock()
		freed := c.evictLocked(n)
		pending, changed := c.pending, c.freed
		c.mu.Unlock()
		if freed > 0 {
			return nil
		}
		if pending == 0 {
			return syscall.ENOSPC
		}
		select {
		case <-changed:
			return nil // the caller tries again
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
