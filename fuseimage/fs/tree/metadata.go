package tree

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// The metadata of an object that hold a file's attributes, in the form of s3fs: st_mode in decimal, and seconds.
const (
	metaMode  = "mode"
	metaMtime = "mtime"
)

// plainMode is that of an object without metadata: executable, because scripts come from where S3 knows no modes.
const plainMode = 0o755

// recent is how near a time is to that of the upload so that Last-Modified says as much. With write-back the kernel sets
// the time of each file that it wrote.
const recent = time.Minute

// content is what is wished under each name of a file: one and the same until bytes or attributes change.
func (t *Tree) content(n *Node) upload.Content {
	switch {
	case n.local == nil && n.restated:
		return upload.Restated(n.remote, metadata(n))
	case n.local == nil:
		return upload.Copied(n.remote)
	case n.content.Local() != n.local || n.contentVersion != n.version:
		n.content, n.contentVersion = upload.Stored(n.local, metadata(n)), n.version
	}
	return n.content
}

// metadata tells the attributes that the object of a file would not show without it. The time of a file whose upload
// begins before its end is left to S3.
func metadata(n *Node) map[string]string {
	m := map[string]string{}
	if n.local == nil {
		maps.Copy(m, n.remote.Metadata)
	}
	if perm := n.mode & 0o777; perm != plainMode || m[metaMode] != "" {
		m[metaMode] = strconv.FormatUint(uint64(unix.S_IFREG|perm), 10)
	}
	if n.stamped && unchanged(n) {
		m[metaMtime] = fmt.Sprintf("%d.%09d", n.mtime.Unix(), n.mtime.Nanosecond())
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// unchanged reports whether a file, too small to be uploaded while it grows, was not written to since its time was set.
func unchanged(n *Node) bool {
	if n.local == nil {
		return true
	}
	var st unix.Stat_t
	err := unix.Fstat(int(n.local.File().Fd()), &st)
	return err == nil && st.Size < upload.Streamed && stamp(st.Mtim).Equal(n.mtime)
}

// restate has the attributes of a closed file stored, if they are not as last wished. An object that the task has only
// read is not the task's to change.
func (t *Tree) restate(n *Node) {
	switch {
	case !n.isFile() || n.writers > 0:
	case n.local != nil:
		if !maps.Equal(metadata(n), n.content.Metadata()) {
			n.version++
			t.settleNode(n)
		}
	case !maps.Equal(metadata(n), n.remote.Metadata):
		n.restated = true
		for _, p := range n.names {
			if key, ok := t.key(p.dir, p.name); ok && p.dir.dir.entries[p.name].ours {
				t.want(key, wish{node: n, source: n.remote}, t.content(n))
			}
		}
	}
}

// describe gives a node the attributes that its object's metadata tells.
func describe(n *Node, info object.Info) {
	n.mtime, n.ctime, n.atime = info.Modified, info.Modified, info.Modified
	base := 10
	text := info.Metadata[metaMode]
	if strings.HasPrefix(text, "0") {
		base = 8 // as rclone writes it
	}
	if v, err := strconv.ParseUint(text, base, 32); err == nil && (v&unix.S_IFMT == unix.S_IFREG || v&unix.S_IFMT == 0) {
		n.mode = unix.S_IFREG | uint32(v)&0o777
	}
	seconds, fraction, _ := strings.Cut(info.Metadata[metaMtime], ".")
	if s, err := strconv.ParseInt(seconds, 10, 64); err == nil {
		ns, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		n.mtime = time.Unix(s, ns)
	}
}
