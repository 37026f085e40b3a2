package tree

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
)

// Owner is who makes something.
type Owner struct{ UID, GID uint32 }

// Create makes an empty regular file and opens it for writing (see Open).
func (t *Tree) Create(ctx context.Context, dirID uint64, name string, mode uint32, by Owner) (Found, error) {
	local, err := t.cfg.Local()
	if err != nil {
		return Found{}, err
	}
	f, err := t.make(ctx, dirID, name, unix.S_IFREG|mode&0o7777, by, func(n *Node) {
		n.local = local
		n.opens, n.writers = 1, 1
		t.writing++
	})
	if err != nil {
		local.Close()
	}
	return f, err
}

// Temporary makes a file without a name and opens it for writing. Link can give it a name.
func (t *Tree) Temporary(mode uint32, by Owner) (Found, error) {
	local, err := t.cfg.Local()
	if err != nil {
		return Found{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.newNode(unix.S_IFREG | mode&0o7777)
	n.uid, n.gid = by.UID, by.GID
	n.local = local
	n.lookups, n.opens, n.writers = 1, 1, 1
	t.writing++
	a, err := t.attr(n)
	return Found{Node: n, Attr: a, Valid: Forever}, err
}

// Mkdir makes a directory. S3 has none; an empty one becomes a marker object at Flush.
func (t *Tree) Mkdir(ctx context.Context, dirID uint64, name string, mode uint32, by Owner) (Found, error) {
	return t.make(ctx, dirID, name, unix.S_IFDIR|mode&0o7777, by, func(n *Node) {
		n.dir = &directory{level: levelPrefix, entries: map[string]*entry{}, born: true}
	})
}

// Symlink makes a symbolic link, which lives in this mount only; see Flush for outputs.
func (t *Tree) Symlink(ctx context.Context, dirID uint64, name, target string, by Owner) (Found, error) {
	return t.make(ctx, dirID, name, unix.S_IFLNK|0o777, by, func(n *Node) { n.target = target })
}

// Mknod makes an empty file, a pipe or a socket; the latter live in this mount only. Devices are refused.
func (t *Tree) Mknod(ctx context.Context, dirID uint64, name string, mode uint32, by Owner) (Found, error) {
	var (
		local *cache.Local
		err   error
	)
	switch mode & unix.S_IFMT {
	case unix.S_IFREG, 0:
		mode |= unix.S_IFREG
		if local, err = t.cfg.Local(); err != nil {
			return Found{}, err
		}
	case unix.S_IFIFO, unix.S_IFSOCK:
	default:
		return Found{}, unix.EPERM
	}
	f, err := t.make(ctx, dirID, name, mode, by, func(n *Node) { n.local = local })
	if err != nil && local != nil {
		local.Close()
	}
	return f, err
}

// make gives a new inode a free name.
func (t *Tree) make(ctx context.Context, dirID uint64, name string, mode uint32, by Owner, fill func(*Node)) (Found, error) {
	dir, err := t.resolve(ctx, dirID, name)
	if err != nil {
		return Found{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.free(dir, name); err != nil {
		return Found{}, err
	}
	n := t.newNode(mode)
	n.uid, n.gid = by.UID, by.GID
	if dir.mode&unix.S_ISGID != 0 {
		n.gid = dir.gid
	}
	fill(n)
	t.occupy(dir, name, n)
	t.settle(dir, name)
	return t.found(dir, name)
}

// Link gives a file another name. Both names become objects, and ours: an object put under one from outside would not
// show under the other.
func (t *Tree) Link(ctx context.Context, id, dirID uint64, name string) (Found, error) {
	dir, err := t.resolve(ctx, dirID, name)
	if err != nil {
		return Found{}, err
	}
	for {
		f, cyclic, err := t.link(id, dir, name)
		if cyclic == nil {
			return f, err
		}
		if err := t.cfg.Own(ctx, cyclic); err != nil {
			return Found{}, err
		}
	}
}

// link is Link; cyclic is a file whose copy would wait for itself, so that it has to be local first.
func (t *Tree) link(id uint64, dir *Node, name string) (f Found, cyclic *Node, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.node(id)
	if err != nil {
		return Found{}, nil, err
	}
	if err := t.free(dir, name); err != nil {
		return Found{}, nil, err
	}
	switch {
	case n.isDir():
		return Found{}, nil, unix.EPERM
	case len(n.names) > 0 && t.bucket(n.names[0].dir) != t.bucket(dir):
		return Found{}, nil, unix.EXDEV
	}
	key, _ := t.key(dir, name)
	if cyclic = t.cycleAt(n, key); cyclic != nil {
		return Found{}, cyclic, nil
	}
	n.ctime = time.Now()
	t.claimNames(n)
	t.occupy(dir, name, n)
	t.settle(dir, name)
	f, err = t.found(dir, name)
	return f, nil, err
}

// free reports why name in dir cannot be made, nil if it can.
func (t *Tree) free(dir *Node, name string) error {
	if dir.dir.level < levelBucket {
		return unix.EPERM // buckets are not made here
	}
	if len(dir.names) == 0 {
		return unix.ENOENT // the directory was removed
	}
	if e := dir.dir.entries[name]; e != nil && e.node != nil {
		return unix.EEXIST
	}
	return t.checkName(dir, name)
}

// occupy puts n under a free name, as ours.
func (t *Tree) occupy(dir *Node, name string, n *Node) {
	e := t.entry(dir, name)
	e.ours = true
	t.attach(dir, name, n, e)
	t.touch(dir)
}

// leave takes the name away, as ours, and returns the node that had it. The caller collects it.
func (t *Tree) leave(dir *Node, name string) *Node {
	e := dir.dir.entries[name]
	n := e.node
	e.ours = true
	t.detach(dir, name)
	if dir.dir.born && !e.remote {
		delete(dir.dir.entries, name)
	}
	t.touch(dir)
	return n
}

// bucket returns the name of the bucket that a directory is in, "" above.
func (t *Tree) bucket(dir *Node) string {
	key, _ := t.prefix(dir)
	return key.Bucket
}
