package fs

import (
	"context"
	"path"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

const (
	growFrom = 16 << 20 // bytes from which a file that is being written is uploaded ahead: two parts
	parallel = 16       // look-ups of inputs at a time
	head     = 1 << 20  // bytes fetched ahead of a large input
)

// watchGrowth tells the cache and the queue how far the open files have been written, because the kernel does not tell;
// and has the control files followed.
func (fs *FS) watchGrowth(ctx context.Context) {
	tick, follow := time.NewTicker(growth), time.NewTicker(fs.cfg.Follow)
	defer tick.Stop()
	defer follow.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-follow.C:
			fs.tree.Follow()
			continue
		case <-tick.C:
		}
		for _, f := range fs.openFiles() {
			local, _ := fs.tree.Bytes(f.node)
			if local == nil {
				continue
			}
			if size := local.Size(); size >= growFrom {
				local.Dirty()
				fs.tree.Growing(f.node, func(key object.Key, l *cache.Local, metadata map[string]string) {
					fs.queue.Grow(key, l, size, metadata)
				})
			}
		}
	}
}

func (fs *FS) openFiles() []*file {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	files := make([]*file, 0, len(fs.files))
	for _, f := range fs.files {
		files = append(files, f)
	}
	return files
}

// Begin tells, once the mount is served, what is known of the task: prefixes that nobody else writes to, and objects
// that it will read.
func (fs *FS) Begin(owned, prefetch []object.Key) {
	fs.tree.Claim(owned)
	go fs.prefetch(fs.life, prefetch)
}

// prefetch looks the named inputs up, all at once, and fetches what is small or will be needed whole; of the others
// the beginning. Failures are left to whoever reads them.
func (fs *FS) prefetch(ctx context.Context, keys []object.Key) {
	g, ctx := errgroup.WithContext(object.WithPriority(ctx, object.Speculative))
	g.SetLimit(parallel)
	for _, key := range keys {
		g.Go(func() error {
			info, err := fs.tree.Prime(ctx, key)
			if err != nil {
				return nil
			}
			o, err := fs.cfg.Cache.Object(info)
			if err != nil {
				return nil
			}
			defer o.Close()
			if info.Size <= cache.Small || isIndex(key.Name) {
				return ignore(o.Fetch(ctx))
			}
			o.Prefetch(0, head)
			return nil
		})
	}
	_ = g.Wait() // no function of it fails
}

func ignore(error) error { return nil }

// isIndex reports whether a file is of a kind that tools read all over: indexes of sequence data.
func isIndex(name string) bool {
	return slices.Contains([]string{".bai", ".crai", ".csi", ".dict", ".fai", ".gzi", ".tbi"}, path.Ext(name))
}
