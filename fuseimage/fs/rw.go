package fs

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Read implements fuse.RawFileSystem. Files that are passed through do not come here.
func (fs *FS) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	ctx := begin(cancel)
	defer ctx.finish()
	h, err := fs.handle(in.Fh)
	if err != nil {
		return nil, fs.status("read", in.NodeId, err)
	}
	result, err := h.read(ctx, buf[:min(len(buf), int(in.Size))], int64(in.Offset))
	if err != nil {
		return nil, fs.status("read", in.NodeId, err)
	}
	h.leaveBehind(int64(in.Offset))
	return result, fuse.OK
}

// Write implements fuse.RawFileSystem.
func (fs *FS) Write(cancel <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	ctx := begin(cancel)
	defer ctx.finish()
	h, err := fs.handle(in.Fh)
	if err != nil {
		return 0, fs.status("write", in.NodeId, err)
	}
	if in.WriteFlags&fuse.WRITE_KILL_SUIDGID != 0 {
		fs.tree.DropPrivileges(h.file.node)
	}
	local, err := h.file.own(ctx, true)
	if err != nil {
		return 0, fs.status("write", in.NodeId, err)
	}
	n, err := local.WriteAt(ctx, data, int64(in.Offset))
	if n > 0 {
		err = nil // the rest is tried, and fails, again
	}
	return uint32(n), fs.status("write", in.NodeId, err)
}

// Fallocate implements fuse.RawFileSystem, as far as the cache's disk does.
func (fs *FS) Fallocate(cancel <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	h, err := fs.handle(in.Fh)
	if err != nil {
		return fs.status("fallocate", in.NodeId, err)
	}
	local, err := h.file.own(ctx, true)
	if err == nil {
		err = unix.Fallocate(int(local.File().Fd()), in.Mode, int64(in.Offset), int64(in.Length))
		local.Dirty()
	}
	return fs.status("fallocate", in.NodeId, err)
}

// Lseek implements fuse.RawFileSystem, for SEEK_DATA and SEEK_HOLE. With write-back the kernel may hold bytes that the
// file on the disk lacks, so it is told to take every file for dense.
func (fs *FS) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	if !fs.through {
		return fuse.ENOSYS
	}
	h, err := fs.handle(in.Fh)
	if err != nil {
		return fs.status("lseek", in.NodeId, err)
	}
	local, remote := fs.tree.Bytes(h.file.node)
	if local != nil {
		off, err := unix.Seek(int(local.File().Fd()), int64(in.Offset), int(in.Whence))
		out.Offset = uint64(off)
		return fs.status("lseek", in.NodeId, err)
	}
	switch {
	case in.Offset >= uint64(remote.Size):
		return fuse.Status(unix.ENXIO)
	case in.Whence == unix.SEEK_HOLE:
		out.Offset = uint64(remote.Size)
	default:
		out.Offset = in.Offset
	}
	return fuse.OK
}

// CopyFileRange implements fuse.RawFileSystem between local files, by reflink where the disk can. For others the
// kernel copies by reading and writing.
func (fs *FS) CopyFileRange(cancel <-chan struct{}, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	ctx := begin(cancel)
	defer ctx.finish()
	from, err := fs.handle(in.FhIn)
	if err != nil {
		return 0, fs.status("copy_file_range", in.NodeId, err)
	}
	to, err := fs.handle(in.FhOut)
	if err != nil {
		return 0, fs.status("copy_file_range", in.NodeId, err)
	}
	source, _ := fs.tree.Bytes(from.file.node)
	if source == nil {
		return 0, fuse.Status(unix.EXDEV)
	}
	target, err := to.file.own(ctx, true)
	if err != nil {
		return 0, fs.status("copy_file_range", in.NodeId, err)
	}
	const most = 1 << 30 // what the reply can tell
	off, at := int64(in.OffIn), int64(in.OffOut)
	n, err := unix.CopyFileRange(int(source.File().Fd()), &off, int(target.File().Fd()), &at, int(min(in.Len, most)), 0)
	target.Dirty()
	return uint32(max(n, 0)), fs.status("copy_file_range", in.NodeId, err)
}

// Flush implements fuse.RawFileSystem: close(2) has nothing to report, and the kernel need not ask again.
func (fs *FS) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// Fsync implements fuse.RawFileSystem: the bytes are on the cache's disk when it returns. They are in S3 after FS.Sync.
func (fs *FS) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	h, err := fs.handle(in.Fh)
	if err != nil {
		return fs.status("fsync", in.NodeId, err)
	}
	if local, _ := fs.tree.Bytes(h.file.node); local != nil {
		err = unix.Fdatasync(int(local.File().Fd()))
	}
	return fs.status("fsync", in.NodeId, err)
}
