package tree

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// putFile records that S3 has info under a name. What is ours is left alone.
func (t *Tree) putFile(dir *Node, name string, info object.Info, seen time.Time) {
	e := t.entry(dir, name)
	if e.ours || seen.Before(e.seen) {
		return
	}
	e.seen, e.remote, e.stored = seen, true, info
	if n := e.node; n != nil && n.isFile() && n.remote.ETag == info.ETag && n.remote.Size == info.Size {
		if n.remote.Metadata == nil && info.Metadata != nil && !n.stated { // a list tells no metadata
			n.remote.Metadata = info.Metadata
			describe(n, info)
		}
		return
	}
	t.vacate(dir, name)
	n := t.newNode(unix.S_IFREG | plainMode)
	n.remote = info
	describe(n, info)
	t.attach(dir, name, n, e)
}

// putDir records that there are keys below a name.
func (t *Tree) putDir(dir *Node, name string, seen time.Time) {
	e := t.entry(dir, name)
	if e.ours || seen.Before(e.seen) {
		return
	}
	e.seen = seen
	if e.node != nil && e.node.isDir() {
		return
	}
	t.vacate(dir, name)
	n := t.newNode(unix.S_IFDIR | 0o755)
	n.dir = &directory{level: min(dir.dir.level+1, levelPrefix), entries: map[string]*entry{}}
	t.attach(dir, name, n, e)
}

// putNothing records that nothing is there.
func (t *Tree) putNothing(dir *Node, name string, seen time.Time) {
	e := t.entry(dir, name)
	if e.ours || seen.Before(e.seen) {
		return
	}
	e.seen, e.remote = seen, false
	t.vacate(dir, name)
}

// vacate takes away what S3 does not show any more. Open handles keep it.
func (t *Tree) vacate(dir *Node, name string) {
	if e := dir.dir.entries[name]; e.node != nil {
		n := e.node
		t.detach(dir, name)
		t.collect(n)
	}
}

// entry returns the entry of a name, making an empty one.
func (t *Tree) entry(dir *Node, name string) *entry {
	e := dir.dir.entries[name]
	if e == nil {
		e = &entry{}
		dir.dir.entries[name] = e
	}
	return e
}
