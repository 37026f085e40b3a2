// Package cache keeps bytes of objects, and the files a task writes, on the local disk.
//
// Clean data is sparse: one file per version of an object, filled as it is read, and punched out again, least
// recently used first, when the quota or the disk is full. Dirty data is never evicted.
//
// Lock order: Local.mu, Cache.mu, Object.mu; none is held across the network or while a body is written.
package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Small is the size in bytes up to which an object is best fetched whole when it is opened.
const Small = 4 << 20

// A Cache is one directory, used by one process. It is safe for concurrent use.
type Cache struct {
	dir     string
	files   string // the directory below dir with the bytes
	lock    *os.File
	quota   int64 // bytes, 0 for what the disk has
	client  *object.Client
	journal *Journal
	log     *slog.Logger

	ctx     context.Context // ends fetches
	cancel  context.CancelFunc
	running sync.WaitGroup // fetches and the recovery of predecessors

	clock                 atomic.Uint32 // counts uses; orders blocks for eviction
	hits, misses, evicted atomic.Int64  // bytes
	ahead                 atomic.Int64  // bytes fetched ahead of all streams

	mu      sync.Mutex
	objects map[version]*Object // guarded by mu, as all below
	clean   int64               // bytes of present or reserved chunks
	dirty   int64               // bytes of locals
	pending int                 // locals waiting for their upload
	freed   chan struct{}       // closed, and replaced, when space may have come free
	names   int                 // of files, never reused
	err     error
}

// version identifies bytes that never change.
type version struct {
	key  object.Key
	etag string
	size int64
}

// Open makes a cache of its own, mode 0700, below dir, and removes in the background those left there by processes
// that died, aborting the multipart uploads in their journals. quota is in bytes of disk, 0 for what the disk has.
func Open(ctx context.Context, dir string, quota int64, client *object.Client) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the cache: %w", err)
	}
	path, locked, err := own(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot make the cache: %w", err)
	}
	c := &Cache{dir: path, lock: locked, quota: quota, client: client, log: client.Log(), objects: map[version]*Object{}, freed: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if c.journal, err = newJournal(path); err == nil {
		c.files, err = filesDir(path)
	}
	if err != nil {
		os.RemoveAll(path)
		locked.Close()
		return nil, fmt.Errorf("cannot make the cache: %w", err)
	}
	c.running.Go(func() { c.recoverOthers(dir) })
	return c, nil
}

// Close removes the cache with all its files. Objects and locals must not be used afterwards.
func (c *Cache) Close() error {
	c.cancel()
	c.running.Wait()
	err := errors.Join(c.journal.close(), removeLocked(c.dir))
	c.lock.Close()
	return err
}

// Client returns the client that the cache reads by.
func (c *Cache) Client() *object.Client { return c.client }

// Journal returns the list of multipart uploads in progress that the next process is to abort.
func (c *Cache) Journal() *Journal { return c.journal }

// Object returns the cached version info, with one reference that its Close gives back. No request is made.
// Two calls for one version return the same Object.
func (c *Cache) Object(info object.Info) (*Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := version{info.Key, info.ETag, info.Size}
	o := c.objects[v]
	if o == nil {
		o = newObject(c, info, c.path())
		c.objects[v] = o
	}
	if err := o.retain(info.Checksum); err != nil {
		return nil, err
	}
	return o, nil
}

// path names a new file. c.mu is held.
func (c *Cache) path() string {
	c.names++
	return filepath.Join(c.files, strconv.Itoa(c.names))
}

// Err is not nil when bytes that had been handed out turned out not to match their object's checksum.
// The task's result cannot be trusted then.
func (c *Cache) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Cache) blame(err error) {
	c.log.Error("wrong bytes were read", "err", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
}

// Usage says how the disk is used, in bytes.
type Usage struct {
	Clean, Dirty, Quota int64
	Hits, Misses        int64 // bytes read that were there, and that were waited for
	Evicted             int64
}

// Usage returns a snapshot.
func (c *Cache) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Usage{Clean: c.clean, Dirty: c.dirty, Quota: c.quota, Hits: c.hits.Load(), Misses: c.misses.Load(), Evicted: c.evicted.Load()}
}
