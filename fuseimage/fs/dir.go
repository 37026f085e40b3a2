package fs

import (
	"context"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/fs/tree"
)

// A dirHandle is one opendir(3). It reads from a snapshot that is taken then, and again after rewinddir(3). The offset of an entry is its place in the snapshot, counted from 1, after "." and "..".
type dirHandle struct {
	id uint64

	mu    sync.Mutex
	names []tree.Name // guarded by mu
	begun bool        // guarded by mu: reading; the next time at offset 0 is a rewind
}

// OpenDir implements fuse.RawFileSystem. A directory that may not be listed fails here, with EACCES: perhaps it is none.
func (fs *FS) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	names, err := fs.tree.Names(ctx, in.NodeId)
	if err != nil {
		return fs.status("opendir", in.NodeId, err)
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.last++
	out.Fh = fs.last
	fs.dirs[out.Fh] = &dirHandle{id: in.NodeId, names: names}
	return fuse.OK
}

// ReleaseDir implements fuse.RawFileSystem.
func (fs *FS) ReleaseDir(in *fuse.ReleaseIn) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.dirs, in.Fh)
}

// ReadDir implements fuse.RawFileSystem.
func (fs *FS) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return fs.readDir(cancel, in, out.AddDirEntry, func(dir uint64, line tree.Name, e fuse.DirEntry) bool {
		return !fs.tree.Present(dir, line) || out.AddDirEntry(e)
	})
}

// ReadDirPlus implements fuse.RawFileSystem: it saves the kernel a look-up of each name.
func (fs *FS) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	plain := func(e fuse.DirEntry) bool { return out.AddDirLookupEntry(e) != nil }
	return fs.readDir(cancel, in, plain, func(dir uint64, line tree.Name, e fuse.DirEntry) bool {
		found, ok := fs.tree.Still(dir, line)
		if !ok {
			return true
		}
		slot := out.AddDirLookupEntry(e)
		if slot == nil {
			fs.tree.Forget(found.Node.ID, 1)
			return false
		}
		fs.entry(found, slot)
		return true
	})
}

// readDir hands the entries from in.Offset on to the adders until one says that the reply is full.
func (fs *FS) readDir(cancel <-chan struct{}, in *fuse.ReadIn, addDot func(fuse.DirEntry) bool, add func(uint64, tree.Name, fuse.DirEntry) bool) fuse.Status {
	ctx := begin(cancel)
	defer ctx.finish()
	fs.mu.Lock()
	d := fs.dirs[in.Fh]
	fs.mu.Unlock()
	if d == nil {
		return fs.status("readdir", in.NodeId, unix.EBADF)
	}
	names, err := d.snapshot(ctx, fs.tree, in.Offset == 0)
	if err != nil {
		return fs.status("readdir", in.NodeId, err)
	}
	dots := [2]fuse.DirEntry{
		{Name: ".", Mode: unix.S_IFDIR, Ino: d.id, Off: 1},
		{Name: "..", Mode: unix.S_IFDIR, Ino: fs.tree.Parent(d.id), Off: 2},
	}
	for off := in.Offset; off < uint64(len(names))+2; off++ {
		if off < 2 {
			if !addDot(dots[off]) {
				break
			}
			continue
		}
		line := names[off-2]
		if !add(d.id, line, fuse.DirEntry{Name: line.Name, Mode: line.Mode, Ino: line.Node.ID, Off: off + 1}) {
			break
		}
	}
	return fuse.OK
}

// snapshot returns the names to read from.
func (d *dirHandle) snapshot(ctx context.Context, t *tree.Tree, start bool) ([]tree.Name, error) {
	d.mu.Lock()
	names, rewound := d.names, start && d.begun
	d.begun = true
	d.mu.Unlock()
	if !rewound {
		return names, nil
	}
	names, err := t.Names(ctx, d.id)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.names = names
	}
	return names, err
}

// FsyncDir implements fuse.RawFileSystem: names are durable after FS.Sync only.
func (fs *FS) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }
