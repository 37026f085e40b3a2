package fs

import (
	"context"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
)

// A handle is one open(2) of a file.
type handle struct {
	file  *file
	write bool // counts as a writer in the tree

	mu     sync.Mutex
	source *cache.Object // guarded by mu: what cursor reads
	cursor *cache.Reader // guarded by mu: learns how the handle reads
	trail  trail         // guarded by mu
}

// reader returns the handle's reader of o.
func (h *handle) reader(o *cache.Object) *cache.Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.source != o {
		h.source, h.cursor = o, o.Reader()
	}
	return h.cursor
}

// Open implements fuse.RawFileSystem.
func (fs *FS) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return fs.status("open", in.NodeId, err)
	}
	return fs.status("open", in.NodeId, fs.open(ctx, n, in.Flags, out))
}

func (fs *FS) open(ctx context.Context, n *tree.Node, flags uint32, out *fuse.OpenOut) error {
	trunc := flags&unix.O_TRUNC != 0
	write := flags&unix.O_ACCMODE != unix.O_RDONLY
	if err := fs.tree.Open(ctx, n, write || trunc); err != nil {
		return err
	}
	f := fs.acquire(n)
	var err error
	if trunc {
		err = f.truncate(ctx, 0)
	} else {
		err = f.ready(ctx)
	}
	for ok := false; err == nil && !ok; {
		if out.OpenFlags, out.BackingID, ok = f.enter(write); !ok {
			_, err = f.own(ctx, true)
		}
	}
	if err != nil {
		f.release()
		fs.tree.Release(n, write || trunc)
		return err
	}
	fs.opened(f, write || trunc, out)
	return nil
}

// opened makes the handle, which entered f. write: the tree counts it as a writer.
func (fs *FS) opened(f *file, write bool, out *fuse.OpenOut) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.last++
	out.Fh = fs.last
	fs.handles[out.Fh] = &handle{file: f, write: write}
}

// Create implements fuse.RawFileSystem.
func (fs *FS) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	found, err := fs.tree.Create(ctx, in.NodeId, name, in.Mode, owner(in.Caller))
	if err == unix.EEXIST && in.Flags&unix.O_EXCL == 0 {
		return fs.status("create", in.NodeId, fs.openExisting(ctx, in, name, out))
	}
	if err != nil {
		return fs.status("create", in.NodeId, err)
	}
	fs.created(found, out)
	return fuse.OK
}

// openExisting is for a name that came to be between the kernel's look-up and its create.
func (fs *FS) openExisting(ctx context.Context, in *fuse.CreateIn, name string, out *fuse.CreateOut) error {
	found, err := fs.tree.Lookup(ctx, in.NodeId, name)
	if err != nil {
		return err
	}
	if found.Node == nil {
		return unix.ENOENT
	}
	if err := fs.open(ctx, found.Node, in.Flags, &out.OpenOut); err != nil {
		fs.tree.Forget(found.Node.ID, 1)
		return err
	}
	fs.entry(found, &out.EntryOut)
	return nil
}

// Tmpfile implements fuse.RawFileSystem.
func (fs *FS) Tmpfile(cancel <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	found, err := fs.tree.Temporary(in.Mode, owner(in.Caller))
	if err != nil {
		return fs.status("tmpfile", in.NodeId, err)
	}
	fs.created(found, out)
	return fuse.OK
}

func (fs *FS) created(found tree.Found, out *fuse.CreateOut) {
	f := fs.acquire(found.Node)
	out.OpenFlags, out.BackingID, _ = f.enter(true) // a new file is local, so it can enter
	fs.opened(f, true, &out.OpenOut)
	fs.entry(found, &out.EntryOut)
}

// Release implements fuse.RawFileSystem.
func (fs *FS) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	fs.mu.Lock()
	h := fs.handles[in.Fh]
	delete(fs.handles, in.Fh)
	fs.mu.Unlock()
	if h == nil {
		return
	}
	n := h.file.node
	h.file.leave()
	h.file.release()
	fs.tree.Release(n, h.write)
}

// handle returns an open handle.
func (fs *FS) handle(fh uint64) (*handle, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if h := fs.handles[fh]; h != nil {
		return h, nil
	}
	return nil, unix.EBADF
}

func owner(c fuse.Caller) tree.Owner { return tree.Owner{UID: c.Uid, GID: c.Gid} }
