package fs

import (
	"context"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
)

// Lookup implements fuse.RawFileSystem.
func (fs *FS) Lookup(cancel <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	found, err := fs.tree.Lookup(ctx, in.NodeId, name)
	if err != nil {
		return fs.status("lookup "+name, in.NodeId, err)
	}
	fs.entry(found, out) // inode 0 tells the kernel to remember that nothing is there
	return fuse.OK
}

// Forget implements fuse.RawFileSystem.
func (fs *FS) Forget(id, lookups uint64) { fs.tree.Forget(id, lookups) }

// Mknod implements fuse.RawFileSystem.
func (fs *FS) Mknod(cancel <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return fs.made("mknod", cancel, &in.InHeader, out, func(ctx context.Context) (tree.Found, error) {
		return fs.tree.Mknod(ctx, in.NodeId, name, in.Mode, owner(in.Caller))
	})
}

// Mkdir implements fuse.RawFileSystem.
func (fs *FS) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return fs.made("mkdir", cancel, &in.InHeader, out, func(ctx context.Context) (tree.Found, error) {
		return fs.tree.Mkdir(ctx, in.NodeId, name, in.Mode, owner(in.Caller))
	})
}

// Symlink implements fuse.RawFileSystem.
func (fs *FS) Symlink(cancel <-chan struct{}, in *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return fs.made("symlink", cancel, in, out, func(ctx context.Context) (tree.Found, error) {
		return fs.tree.Symlink(ctx, in.NodeId, name, target, owner(in.Caller))
	})
}

// Link implements fuse.RawFileSystem.
func (fs *FS) Link(cancel <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	return fs.made("link", cancel, &in.InHeader, out, func(ctx context.Context) (tree.Found, error) {
		return fs.tree.Link(ctx, in.Oldnodeid, in.NodeId, name)
	})
}

func (fs *FS) made(op string, cancel <-chan struct{}, in *fuse.InHeader, out *fuse.EntryOut, do func(context.Context) (tree.Found, error)) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	found, err := do(ctx)
	if err != nil {
		return fs.status(op, in.NodeId, err)
	}
	fs.entry(found, out)
	return fuse.OK
}

// Readlink implements fuse.RawFileSystem.
func (fs *FS) Readlink(_ <-chan struct{}, in *fuse.InHeader) ([]byte, fuse.Status) {
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return nil, fs.status("readlink", in.NodeId, err)
	}
	target, err := fs.tree.Readlink(n)
	return []byte(target), fs.status("readlink", in.NodeId, err)
}

// Unlink implements fuse.RawFileSystem.
func (fs *FS) Unlink(cancel <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	return fs.status("unlink", in.NodeId, fs.tree.Unlink(ctx, in.NodeId, name))
}

// Rmdir implements fuse.RawFileSystem.
func (fs *FS) Rmdir(cancel <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	return fs.status("rmdir", in.NodeId, fs.tree.Rmdir(ctx, in.NodeId, name))
}

// Rename implements fuse.RawFileSystem.
func (fs *FS) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	err := fs.tree.Rename(ctx, in.NodeId, from, in.Newdir, to, in.Flags)
	return fs.status("rename", in.NodeId, err)
}

// fetchToLocal makes a file local that need not be open.
func (fs *FS) fetchToLocal(ctx context.Context, n *tree.Node) error {
	if err := fs.tree.Open(ctx, n, false); err != nil {
		return err
	}
	f := fs.acquire(n)
	_, err := f.localise(ctx, true, fs.tree.Localised)
	f.release()
	fs.tree.Release(n, false)
	return err
}

// entry tells the kernel what was found.
func (fs *FS) entry(f tree.Found, out *fuse.EntryOut) {
	out.SetEntryTimeout(f.Valid)
	if f.Node == nil {
		return
	}
	out.NodeId, out.Generation = f.Node.ID, 1
	out.SetAttrTimeout(fs.attrLife(f.Attr))
	setAttr(&out.Attr, f.Attr)
}

// setAttr copies attributes into the kernel's form.
func setAttr(out *fuse.Attr, a tree.Attr) {
	out.Ino, out.Size, out.Blocks, out.Blksize = a.Ino, a.Size, a.Blocks, maxRequest
	out.Mode, out.Nlink, out.Rdev = a.Mode, a.Nlink, a.Rdev
	out.Uid, out.Gid = a.UID, a.GID
	out.SetTimes(&a.Atime, &a.Mtime, &a.Ctime)
}
