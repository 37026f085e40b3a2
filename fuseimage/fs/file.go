package fs

import (
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A mode is how the bytes of an open inode reach the kernel, which refuses to have one inode both ways.
type mode int

const (
	idle    mode = iota // not open
	cached              // through READ and WRITE and the page cache
	through             // the kernel uses the backing file
)

// A file is an inode with open handles.
type file struct {
	fs   *FS
	node *tree.Node
	refs int // guarded by FS.mu: handles, and operations that need the bytes

	mu      sync.Mutex
	mode    mode            // guarded by mu
	opens   int             // guarded by mu: handles that entered
	objects []*cache.Object // guarded by mu: versions in S3 that the bytes are, or were; the last is the present one
	backing int32           // guarded by mu: the kernel's id of the backing file while through
	local   *cache.Local    // guarded by mu: whose file that is, nil for the object's
	unpin   func()          // guarded by mu: lets the object be evicted again
}

// acquire returns the open state of an inode; release gives it back.
func (fs *FS) acquire(n *tree.Node) *file {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.files[n]
	if f == nil {
		f = &file{fs: fs, node: n}
		fs.files[n] = f
	}
	f.refs++
	return f
}

func (f *file) release() {
	fs := f.fs
	fs.mu.Lock()
	f.refs--
	last := f.refs == 0
	if last {
		delete(fs.files, f.node)
	}
	fs.mu.Unlock()
	if last {
		for _, o := range f.objects {
			o.Close()
		}
	}
}

// enter chooses the mode for a new handle, and returns the flags and the backing id that tell the kernel. ok is false
// when the file is passed through as an object and is to be written: then own comes first.
func (f *file) enter(write bool) (flags uint32, backing int32, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	local, _ := f.fs.tree.Bytes(f.node)
	if f.mode == idle {
		f.mode = cached
		if f.fs.through {
			f.passThrough(local, write)
		}
	}
	switch {
	case f.mode == through && (write && local == nil || f.local != local):
		return 0, 0, false
	case f.mode == through:
		flags, backing = fuse.FOPEN_PASSTHROUGH, f.backing
	case !f.fs.through || !f.fs.tree.Written(f.node):
		flags = fuse.FOPEN_KEEP_CACHE // else pages that the kernel kept may be older than what was passed through
	}
	f.opens++
	return flags, backing, true
}

// take makes the object that is passed through a local file, in place. ok is false when the file is in no such state.
func (f *file) take(tell func(*tree.Node, *cache.Local, object.Info) bool) (ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mode != through || f.local != nil {
		return false, nil
	}
	o := f.objects[len(f.objects)-1]
	local, err := o.Take()
	if err != nil {
		return false, err
	}
	if !tell(f.node, local, o.Info()) {
		local.Close()
		return false, unix.EBUSY
	}
	f.local = local
	return true, nil
}

// passThrough makes the file the kernel's to use, if all its bytes are in one file on the disk.
func (f *file) passThrough(local *cache.Local, write bool) {
	var unpin func()
	var fd uintptr
	switch {
	case local != nil:
		fd = local.File().Fd()
	case !write && len(f.objects) > 0:
		file, release, ok := f.objects[len(f.objects)-1].Pin()
		if !ok {
			return
		}
		fd, unpin = file.Fd(), release
	default:
		return
	}
	id, errno := f.fs.server.RegisterBackingFd(&fuse.BackingMap{Fd: int32(fd)})
	if errno != 0 {
		if unpin != nil {
			unpin()
		}
		return
	}
	f.mode, f.backing, f.local, f.unpin = through, id, local, unpin
}

// leave ends a handle; the last one lets the next open choose anew.
func (f *file) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opens--; f.opens > 0 {
		return
	}
	if f.mode == through {
		f.fs.server.UnregisterBackingFd(f.backing)
		if f.unpin != nil {
			f.unpin()
		}
	}
	f.mode, f.backing, f.local, f.unpin = idle, 0, nil, nil
}
