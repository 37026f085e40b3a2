package tree

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A Node is an inode. All but ID is guarded by Tree.mu.
type Node struct {
	ID uint64

	names   []place // a directory has at most one
	lookups uint64  // that the kernel has and did not forget
	opens   int     // handles
	writers int     // handles that may write

	mode                uint32 // type and permissions, as in stat(2)
	uid, gid, rdev      uint32
	atime, mtime, ctime time.Time
	xattrs              map[string][]byte

	target string     // of a symbolic link
	dir    *directory // of a directory

	// The bytes of a regular file are in local, or when that is nil, in the version remote.
	local    *cache.Local
	version  uint64 // of local's bytes: grows with each opening for writing
	followed int64  // size at which Follow stored them
	remote   object.Info

	content        upload.Content // of local, at contentVersion
	contentVersion uint64
	stated         bool // attributes were changed here
	stamped        bool // mtime was set to another time than about now
	restated       bool // the attributes of remote were changed here
}

// A place is a name in a directory.
type place struct {
	dir  *Node
	name string
}

func (n *Node) kind() uint32    { return n.mode & unix.S_IFMT }
func (n *Node) isDir() bool     { return n.kind() == unix.S_IFDIR }
func (n *Node) isFile() bool    { return n.kind() == unix.S_IFREG }
func (n *Node) isSymlink() bool { return n.kind() == unix.S_IFLNK }

// IsFile reports whether the node is a regular file.
func (n *Node) IsFile() bool { return n.isFile() } // the type never changes, so no lock

// IsDir reports whether the node is a directory.
func (n *Node) IsDir() bool { return n.isDir() }

// Attr is what stat(2) tells.
type Attr struct {
	Ino                 uint64
	Size, Blocks        uint64 // bytes; units of 512 bytes
	Mode, Nlink         uint32
	UID, GID, Rdev      uint32
	Atime, Mtime, Ctime time.Time
	Valid               time.Duration // how long it may be believed
	Writing             bool          // a local file that is open for writing
}

// Attr returns the node's attributes. The size and times of a local file are those of the file on disk, because the
// kernel may write it without telling.
func (t *Tree) Attr(n *Node) (Attr, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.attr(n)
}

func (t *Tree) attr(n *Node) (Attr, error) {
	a := Attr{
		Ino: n.ID, Mode: n.mode, Nlink: uint32(len(n.names)), UID: n.uid, GID: n.gid, Rdev: n.rdev,
		Atime: n.atime, Mtime: n.mtime, Ctime: n.ctime, Valid: t.life(n),
	}
	switch {
	case n == t.root:
		a.Nlink = 1
	case n.isSymlink():
		a.Size = uint64(len(n.target))
	case n.isFile() && n.local != nil:
		var st unix.Stat_t
		if err := unix.Fstat(int(n.local.File().Fd()), &st); err != nil {
			return a, err
		}
		a.Size, a.Blocks = uint64(st.Size), uint64(st.Blocks)
		a.Mtime, a.Atime = stamp(st.Mtim), stamp(st.Atim)
		if c := stamp(st.Mtim); c.After(a.Ctime) {
			a.Ctime = c
		}
		a.Writing = n.writers > 0
	case n.isFile():
		a.Size = uint64(n.remote.Size)
		a.Blocks = (a.Size + 511) / 512
	}
	return a, nil
}

// life returns how long attributes are true.
func (t *Tree) life(n *Node) time.Duration {
	if len(n.names) == 0 || n.local != nil {
		return Forever
	}
	p := n.names[0]
	return t.believed(p.dir, p.dir.dir.entries[p.name])
}

func stamp(ts unix.Timespec) time.Time { return time.Unix(ts.Sec, ts.Nsec) }

// attach puts n under a name. e is the name's entry, new or old.
func (t *Tree) attach(dir *Node, name string, n *Node, e *entry) {
	e.node = n
	dir.dir.entries[name] = e
	n.names = append(n.names, place{dir, name})
}

// detach takes n's name away, leaving the entry's node empty.
func (t *Tree) detach(dir *Node, name string) {
	e := dir.dir.entries[name]
	n := e.node
	e.node = nil
	if i := slices.Index(n.names, place{dir, name}); i >= 0 {
		n.names = slices.Delete(n.names, i, i+1)
	}
	n.ctime = time.Now()
}
