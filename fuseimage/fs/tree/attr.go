package tree

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Change of attributes; nil fields stay.
type Change struct {
	Mode                *uint32 // permission bits
	UID, GID            *uint32
	Atime, Mtime, Ctime *time.Time
}

// SetAttr changes attributes. Modes and times become metadata of the task's objects; the rest is for the life of the
// mount. Sizes are changed by whoever holds the bytes.
func (t *Tree) SetAttr(n *Node, c Change) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.ctime = time.Now()
	if c.Ctime != nil {
		n.ctime = *c.Ctime
	}
	if c.Mode != nil {
		n.mode = n.kind() | *c.Mode&0o7777
	}
	if c.UID != nil {
		n.uid = *c.UID
	}
	if c.GID != nil {
		n.gid = *c.GID
	}
	if c.Atime != nil {
		n.atime = *c.Atime
	}
	if c.Mtime != nil {
		if !n.mtime.Equal(*c.Mtime) {
			n.stamped = time.Since(*c.Mtime).Abs() > recent
		}
		n.mtime = *c.Mtime
	}
	var err error
	if n.local != nil && (c.Atime != nil || c.Mtime != nil) {
		err = setTimes(int(n.local.File().Fd()), c.Atime, c.Mtime)
	}
	n.stated = true
	t.restate(n)
	return err
}

// setTimes is futimens(3); nil leaves a time alone.
func setTimes(fd int, atime, mtime *time.Time) error {
	spec := func(t *time.Time) unix.Timespec {
		if t == nil {
			return unix.Timespec{Nsec: unix.UTIME_OMIT}
		}
		return unix.Timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), []unix.Timespec{spec(atime), spec(mtime)}, 0)
}

// DropPrivileges clears the set-id bits, as a write by an unprivileged process does.
func (t *Tree) DropPrivileges(n *Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.mode &^= unix.S_ISUID
	if n.mode&unix.S_IXGRP != 0 {
		n.mode &^= unix.S_ISGID
	}
}

// Readlink returns the target of a symbolic link.
func (t *Tree) Readlink(n *Node) (string, error) {
	if !n.isSymlink() {
		return "", unix.EINVAL
	}
	return n.target, nil // never changes
}

// maxXattr is the kernel's limit for a value, in bytes.
const maxXattr = 64 << 10

// SetXattr stores an extended attribute of the name space user, for the life of the mount. flags are XATTR_CREATE and
// XATTR_REPLACE.
func (t *Tree) SetXattr(n *Node, name string, value []byte, flags int) error {
	if !strings.HasPrefix(name, "user.") {
		return unix.ENOTSUP
	}
	if len(value) > maxXattr {
		return unix.E2BIG
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, exists := n.xattrs[name]
	switch {
	case exists && flags&unix.XATTR_CREATE != 0:
		return unix.EEXIST
	case !exists && flags&unix.XATTR_REPLACE != 0:
		return unix.ENODATA
	}
	if n.xattrs == nil {
		n.xattrs = map[string][]byte{}
	}
	n.xattrs[name] = bytes.Clone(value)
	n.ctime = time.Now()
	return nil
}

// Xattr returns an extended attribute.
func (t *Tree) Xattr(n *Node, name string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := n.xattrs[name]
	if !ok {
		return nil, unix.ENODATA
	}
	return v, nil // replaced as a whole, never written into
}

// Xattrs returns the names of all extended attributes, sorted.
func (t *Tree) Xattrs(n *Node) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := make([]string, 0, len(n.xattrs))
	for name := range n.xattrs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// RemoveXattr removes an extended attribute.
func (t *Tree) RemoveXattr(n *Node, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := n.xattrs[name]; !ok {
		return unix.ENODATA
	}
	delete(n.xattrs, name)
	n.ctime = time.Now()
	return nil
}
