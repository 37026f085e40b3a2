// Package cache keeps bytes of objects, and the files a task writes, on the local disk.
//
// Clean data is sparse: one file per version of an object, filled as it is read, and punched out again, least
// recently used first, when the quota or the disk is full. Dirty data is never evicted.
//
// Lock order: Cache.mu before Object.mu; neither is held across the network.
package cache

import (
	"context"
	"errors"
	"os"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

var errUnwritten = errors.New("not written yet")

// Small is the size in bytes up to which an object is best fetched whole when it is opened.
const Small = 4 << 20

// A Cache is one directory, used by one process. It is safe for concurrent use.
type Cache struct{}

// Open makes a cache of its own, mode 0700, below dir, and removes those left there by processes that died,
// aborting the multipart uploads in their journals. quota is in bytes of disk, 0 for what the disk has.
func Open(ctx context.Context, dir string, quota int64, client *object.Client) (*Cache, error) {
	return nil, errUnwritten
}

// Close removes the cache with all its files. Objects and locals must not be used afterwards.
func (c *Cache) Close() error { return errUnwritten }

// Client returns the client that the cache reads by.
func (c *Cache) Client() *object.Client { return nil }

// Object returns the cached version info, with one reference that its Close gives back. No request is made.
// Two calls for one version return the same Object.
func (c *Cache) Object(info object.Info) (*Object, error) { return nil, errUnwritten }

// Local makes a new empty dirty file, with one reference that its Close gives back.
func (c *Cache) Local() (*Local, error) { return nil, errUnwritten }

// MakeRoom frees n bytes of disk: it evicts clean data, then waits for locals to be uploaded and given up as long
// as any is pending (see Local.Pending), then fails with ENOSPC. A writer calls it after an ENOSPC of its own.
func (c *Cache) MakeRoom(ctx context.Context, n int64) error { return errUnwritten }

// Err is not nil when bytes that had been handed out turned out not to match their object's checksum.
// The task's result cannot be trusted then.
func (c *Cache) Err() error { return nil }

// Usage says how the disk is used, in bytes.
type Usage struct {
	Clean, Dirty, Quota int64
	Hits, Misses        int64 // bytes read that were there, and that were waited for
	Evicted             int64
}

// Usage returns a snapshot.
func (c *Cache) Usage() Usage { return Usage{} }

// An Object is the cached copy of one version of an object.
type Object struct{}

// Info returns the version.
func (o *Object) Info() object.Info { return object.Info{} }

// ReadAt reads like io.ReaderAt (io.EOF at the end), fetching what is missing; a cancelled ctx ends the wait
// with EINTR and leaves the fetch running.
func (o *Object) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	return 0, errUnwritten
}

// Hold makes bytes [off, off+n) present in File and keeps them from eviction until release is called, so that they
// can be spliced from the file.
func (o *Object) Hold(ctx context.Context, off, n int64) (release func(), err error) {
	return nil, errUnwritten
}

// Fetch makes the whole object present and verified.
func (o *Object) Fetch(ctx context.Context) error { return errUnwritten }

// Complete reports whether the whole object is present and verified. It may be evicted again unless pinned.
func (o *Object) Complete() bool { return false }

// Pin keeps a complete object whole until unpin is called, and returns its file for kernel passthrough. ok is
// false when the object is not complete.
func (o *Object) Pin() (f *os.File, unpin func(), ok bool) { return nil, nil, false }

// File returns the sparse file. Only held or pinned ranges of it hold the object's bytes.
func (o *Object) File() *os.File { return nil }

// Prefetch fetches [off, off+n) in the background, at the lowest priority.
func (o *Object) Prefetch(off, n int64) {}

// Retain takes another reference.
func (o *Object) Retain() *Object { return o }

// Close gives a reference back. The bytes stay cached.
func (o *Object) Close() {}

// A Reader is one open handle on an object: it learns how the handle reads and fetches ahead accordingly.
// It is safe for concurrent use.
type Reader struct{}

// Reader returns a new handle. It shares the object's reference.
func (o *Object) Reader() *Reader { return nil }

// ReadAt is Object.ReadAt with read-ahead.
func (r *Reader) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	return 0, errUnwritten
}

// Hold is Object.Hold with read-ahead.
func (r *Reader) Hold(ctx context.Context, off, n int64) (release func(), err error) {
	return nil, errUnwritten
}

// A Local is a file of the task's own, whose bytes need not be in S3 yet.
type Local struct{}

// File returns the file, open for reading and writing.
func (l *Local) File() *os.File { return nil }

// Size returns the present length in bytes.
func (l *Local) Size() int64 { return 0 }

// WriteAt writes to the file; when the disk is full it makes room as MakeRoom does and goes on.
func (l *Local) WriteAt(ctx context.Context, p []byte, off int64) (int, error) {
	return 0, errUnwritten
}

// Dirty tells the cache to look again at the space the file takes. It is cheap; call it after writes that did not
// go through WriteAt, at least at close.
func (l *Local) Dirty() {}

// Adopt fills the empty file with o's bytes, by reflink where the disk can, fetching what is missing.
func (l *Local) Adopt(ctx context.Context, o *Object) error { return errUnwritten }

// Clean turns a file whose bytes are exactly info into the cached copy of info, which may be evicted. The local's
// other references must be gone; its own is spent. The object comes with one reference.
func (l *Local) Clean(info object.Info) (*Object, error) { return nil, errUnwritten }

// Pending marks the file as about to be uploaded, so that MakeRoom waits for it, until done is called.
func (l *Local) Pending() (done func()) { return func() {} }

// Retain takes another reference.
func (l *Local) Retain() *Local { return l }

// Close gives a reference back; the last one removes the file.
func (l *Local) Close() {}
