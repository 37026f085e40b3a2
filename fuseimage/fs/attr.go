package fs

import (
	"context"
	"errors"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
)

// GetAttr implements fuse.RawFileSystem.
func (fs *FS) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return fs.status("getattr", in.NodeId, err)
	}
	return fs.attr("getattr", n, out)
}

func (fs *FS) attr(op string, n *tree.Node, out *fuse.AttrOut) fuse.Status {
	a, err := fs.tree.Attr(n)
	if err != nil {
		return fs.status(op, n.ID, err)
	}
	out.SetTimeout(fs.attrLife(a))
	setAttr(&out.Attr, a)
	return fuse.OK
}

// attrLife returns how long the kernel may believe a: not at all while it writes to the file without telling us.
func (fs *FS) attrLife(a tree.Attr) time.Duration {
	if a.Writing && fs.through {
		return 0
	}
	return a.Valid
}

// SetAttr implements fuse.RawFileSystem.
func (fs *FS) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return fs.status("setattr", in.NodeId, err)
	}
	if size, ok := in.GetSize(); ok {
		if err := fs.resize(ctx, n, int64(size)); err != nil {
			return fs.status("truncate", in.NodeId, err)
		}
	}
	if in.Valid&fuse.FATTR_KILL_SUIDGID != 0 {
		fs.tree.DropPrivileges(n)
	}
	if err := fs.tree.SetAttr(n, change(in)); err != nil {
		return fs.status("setattr", in.NodeId, err)
	}
	return fs.attr("setattr", n, out)
}

func change(in *fuse.SetAttrIn) tree.Change {
	var c tree.Change
	if v, ok := in.GetMode(); ok {
		c.Mode = &v
	}
	if v, ok := in.GetUID(); ok {
		c.UID = &v
	}
	if v, ok := in.GetGID(); ok {
		c.GID = &v
	}
	if v, ok := in.GetATime(); ok {
		c.Atime = &v
	}
	if v, ok := in.GetMTime(); ok {
		c.Mtime = &v
	}
	if v, ok := in.GetCTime(); ok {
		c.Ctime = &v
	}
	return c
}

// resize is truncate(2): it opens the file for writing for as long as it takes.
func (fs *FS) resize(ctx context.Context, n *tree.Node, size int64) error {
	if err := fs.tree.Open(ctx, n, true); err != nil {
		return err
	}
	f := fs.acquire(n)
	err := f.truncate(ctx, size)
	f.release()
	fs.tree.Release(n, true)
	return err
}

// StatFs implements fuse.RawFileSystem: space is that of the cache's disk, where what is written has to fit.
func (fs *FS) StatFs(_ <-chan struct{}, in *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	var st unix.Statfs_t
	// The kernel may ask while Close runs, after a mount was detached that somebody still uses.
	var failed error
	conn, err := fs.scratch.File().SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { failed = unix.Fstatfs(int(fd), &st) })
	}
	if err := errors.Join(err, failed); err != nil {
		return fs.status("statfs", in.NodeId, err)
	}
	out.Blocks, out.Bfree, out.Bavail = st.Blocks, st.Bfree, st.Bavail
	out.Files, out.Ffree = st.Files, st.Ffree
	out.Bsize, out.Frsize, out.NameLen = uint32(st.Bsize), uint32(st.Frsize), 255
	return fuse.OK
}
