// Package fs shows S3 as a file system through FUSE.
//
// What exists under which name is decided by package tree; this package moves bytes between the kernel and the cache.
//
// The bytes of an open file reach the kernel by one of two engines. With passthrough the kernel reads and writes the
// cache's file itself; that needs CAP_SYS_ADMIN in the initial user namespace. Otherwise they come through the kernel's
// page cache, with write-back where no file of the mount is passed through. A file never is in both: its mode is chosen
// when it is opened first and stays until it is closed last (see file).
//
// Lock order: file.mu, FS.mu, tree.Tree.mu, then the locks of cache and upload. None is held across the network.
package fs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sync/singleflight"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// An Engine is a way for bytes to reach the kernel.
type Engine string

// The engines. Auto is passthrough where the kernel allows it.
const (
	Auto        Engine = "auto"
	Passthrough Engine = "passthrough"
	Buffered    Engine = "buffered"
)

// Config of a file system.
type Config struct {
	Client *object.Client
	Cache  *cache.Cache
	Upload upload.Options // of the queue that New starts; Done is the file system's own

	Bucket   string        // what the root shows; "" for s3/BUCKET
	Mount    string        // absolute path at which the workload sees the root, default /fusion
	Owned    []object.Key  // prefixes that nobody else writes to, such as the task's work directory
	Refresh  time.Duration // how long everything else is believed, default 5s
	Prefetch []object.Key  // objects that will be read: looked up at once, and fetched as far as is wise
	UID, GID uint32        // owner of what is found in S3
	Engine   Engine        // default Auto
	Log      *slog.Logger  // default slog.DiscardHandler
}

// FS is the file system of one mount. It implements fuse.RawFileSystem; of its operations only those in files named
// after them are the kernel's.
type FS struct {
	fuse.RawFileSystem // ENOSYS for what is not implemented: locks, which the kernel does alone, ioctl, access

	cfg     Config
	tree    *tree.Tree
	queue   *upload.Queue
	scratch *cache.Local    // tells the cache's disk, and probes passthrough
	server  *fuse.Server    // set by Init
	through bool            // passthrough works; set by Init
	life    context.Context // of the work in the background; set by Serve
	owning  singleflight.Group

	mu      sync.Mutex
	files   map[*tree.Node]*file // guarded by mu: those with handles
	handles map[uint64]*handle   // guarded by mu
	dirs    map[uint64]*dirHandle
	last    uint64 // guarded by mu: handle number

	panics atomic.Int64
}

var _ fuse.RawFileSystem = (*FS)(nil)

// New makes the file system and starts its queue. Nothing is requested from S3.
func New(cfg Config) (*FS, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Refresh == 0 {
		cfg.Refresh = 5 * time.Second
	}
	if cfg.Mount == "" {
		cfg.Mount = "/fusion"
	}
	if cfg.Engine == "" {
		cfg.Engine = Auto
	}
	scratch, err := cfg.Cache.Local()
	if err != nil {
		return nil, fmt.Errorf("the cache cannot hold a file: %w", err)
	}
	fs := &FS{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		cfg:           cfg,
		scratch:       scratch,
		files:         map[*tree.Node]*file{},
		handles:       map[uint64]*handle{},
		dirs:          map[uint64]*dirHandle{},
	}
	cfg.Upload.Done = func(key object.Key, c upload.Content, info object.Info) { fs.tree.Done(key, c, info) }
	fs.queue = upload.New(cfg.Client, cfg.Cache, cfg.Upload)
	fs.tree = tree.New(tree.Config{
		Store: cfg.Client, Queue: fs.queue, Local: cfg.Cache.Local, Own: fs.fetchToLocal, Policy: cfg.Upload.Policy,
		Bucket: cfg.Bucket, Owned: cfg.Owned, Refresh: cfg.Refresh, Mount: cfg.Mount, UID: cfg.UID, GID: cfg.GID, Log: cfg.Log,
	})
	return fs, nil
}

// Queue returns the queue, for its report.
func (fs *FS) Queue() *upload.Queue { return fs.queue }

// Sync returns when S3 holds what the file system shows, verified, or says what could not be stored. With classes
// it waits for those only.
func (fs *FS) Sync(ctx context.Context, classes ...upload.Class) error {
	return errors.Join(fs.tree.Flush(ctx, classes...), fs.cfg.Cache.Err())
}

// Close stops the queue, aborting uploads that are under way. Call Sync before, and unmount.
func (fs *FS) Close(ctx context.Context) error {
	err := fs.queue.Close(ctx)
	fs.scratch.Close()
	return err
}

// Stats of a file system.
type Stats struct {
	Engine    Engine // that new files get
	OpenFiles int
	Panics    int64 // operations that failed by a fault of ours
}

// Stats returns a snapshot.
func (fs *FS) Stats() Stats {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	s := Stats{Engine: Buffered, OpenFiles: len(fs.files), Panics: fs.panics.Load()}
	if fs.through {
		s.Engine = Passthrough
	}
	return s
}

// String is the name of the file system.
func (fs *FS) String() string { return "fusion" }
