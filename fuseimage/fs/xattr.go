package fs

import (
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// GetXAttr implements fuse.RawFileSystem.
func (fs *FS) GetXAttr(_ <-chan struct{}, in *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return 0, fs.status("getxattr", in.NodeId, err)
	}
	value, err := fs.tree.Xattr(n, name)
	if err != nil {
		return 0, fs.status("getxattr", in.NodeId, err)
	}
	return fit(dest, value)
}

// ListXAttr implements fuse.RawFileSystem.
func (fs *FS) ListXAttr(_ <-chan struct{}, in *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	n, err := fs.tree.Node(in.NodeId)
	if err != nil {
		return 0, fs.status("listxattr", in.NodeId, err)
	}
	names := fs.tree.Xattrs(n)
	list := strings.Join(names, "\x00")
	if len(names) > 0 {
		list += "\x00"
	}
	return fit(dest, []byte(list))
}

// fit copies value into dest, or tells the size that dest should have.
func fit(dest, value []byte) (uint32, fuse.Status) {
	if len(dest) < len(value) {
		return uint32(len(value)), fuse.ERANGE
	}
	return uint32(copy(dest, value)), fuse.OK
}

// SetXAttr implements fuse.RawFileSystem.
func (fs *FS) SetXAttr(_ <-chan struct{}, in *fuse.SetXAttrIn, name string, value []byte) fuse.Status {
	n, err := fs.tree.Node(in.NodeId)
	if err == nil {
		err = fs.tree.SetXattr(n, name, value, int(in.Flags))
	}
	return fs.status("setxattr", in.NodeId, err)
}

// RemoveXAttr implements fuse.RawFileSystem.
func (fs *FS) RemoveXAttr(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	n, err := fs.tree.Node(in.NodeId)
	if err == nil {
		err = fs.tree.RemoveXattr(n, name)
	}
	return fs.status("removexattr", in.NodeId, err)
}
