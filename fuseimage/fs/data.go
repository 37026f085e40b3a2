package fs

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// version returns the cached object of the version that the file's bytes are in; nil when they are local.
func (f *file) version() (*cache.Object, error) {
	local, remote := f.fs.tree.Bytes(f.node)
	if local != nil {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if last := len(f.objects) - 1; last >= 0 {
		if i := f.objects[last].Info(); i.Key == remote.Key && i.ETag == remote.ETag {
			return f.objects[last], nil
		}
	}
	o, err := f.fs.cfg.Cache.Object(remote)
	if err != nil {
		return nil, err
	}
	f.objects = append(f.objects, o) // readers may still use an older one: the file was renamed and its object moved
	return o, nil
}

// ready brings a small object to the disk as a whole, with one request instead of several.
func (f *file) ready(ctx context.Context) error {
	o, err := f.version()
	if o == nil || err != nil {
		return err
	}
	if o.Info().Size > cache.Small {
		return nil
	}
	f.fs.fetchSiblings(f.node)
	if o.Complete() {
		return nil
	}
	return o.Fetch(ctx)
}

// read returns what there is of len(p) bytes from offset off.
func (h *handle) read(ctx context.Context, p []byte, off int64) (fuse.ReadResult, error) {
	f := h.file
	for try := 0; ; try++ {
		if local, _ := f.fs.tree.Bytes(f.node); local != nil {
			n, err := local.File().ReadAt(p, off)
			return fuse.ReadResultData(p[:n]), ignoreEOF(err)
		}
		o, err := f.version()
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue // became local
		}
		result, err := h.fetched(ctx, o, p, off)
		if errors.Is(err, object.ErrChanged) && try == 0 {
			if _, now := f.fs.tree.Bytes(f.node); now.Key != o.Info().Key {
				continue // renamed, and the object has followed
			}
		}
		return result, err
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// own makes a file's bytes local, so that they may change: all of them are fetched, unless keep is false.
func (f *file) own(ctx context.Context, keep bool) (*cache.Local, error) {
	return f.localise(ctx, keep, f.fs.tree.Own)
}

// localise is own with the function that tells the tree.
func (f *file) localise(ctx context.Context, keep bool, tell func(*tree.Node, *cache.Local, object.Info) bool) (*cache.Local, error) {
	if local, _ := f.fs.tree.Bytes(f.node); local != nil {
		return local, nil
	}
	key := strconv.FormatUint(f.node.ID, 10) + strconv.FormatBool(keep)
	for {
		_, err, shared := f.fs.owning.Do(key, func() (any, error) { return nil, f.takeOver(ctx, keep, tell) })
		if err == nil {
			break
		}
		if !shared || ctx.Err() != nil || object.Errno(err) != unix.EINTR {
			return nil, err
		}
	}
	local, _ := f.fs.tree.Bytes(f.node)
	if local == nil {
		return nil, unix.ESTALE
	}
	return local, nil
}

func (f *file) takeOver(ctx context.Context, keep bool, tell func(*tree.Node, *cache.Local, object.Info) bool) error {
	o, err := f.version()
	if o == nil || err != nil {
		return err
	}
	if taken, err := f.take(tell); taken || err != nil {
		return err
	}
	local, err := f.fs.cfg.Cache.Local()
	if err != nil {
		return err
	}
	if keep {
		if err := local.Adopt(ctx, o); err != nil {
			local.Close()
			return err
		}
	}
	if !tell(f.node, local, o.Info()) {
		local.Close()
	}
	return nil
}

// truncate sets the length of a file that the caller has open for writing.
func (f *file) truncate(ctx context.Context, size int64) error {
	local, err := f.own(ctx, size > 0)
	if err != nil {
		return err
	}
	err = local.File().Truncate(size)
	local.Dirty()
	return err
}
