package tree

import (
	"context"
	"sort"

	"golang.org/x/sys/unix"
)

// A Name is one line of a directory's snapshot.
type Name struct {
	Name string
	Node *Node
	Mode uint32 // type bits
}

// Names returns the complete content of a directory at this moment, sorted. A reader that goes through a snapshot
// misses nothing and sees nothing twice, whatever happens meanwhile.
func (t *Tree) Names(ctx context.Context, dirID uint64) ([]Name, error) {
	dir, err := t.load(ctx, dirID)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	names := make([]Name, 0, len(dir.dir.entries))
	for name, e := range dir.dir.entries {
		if e.node != nil {
			names = append(names, Name{name, e.node, e.node.kind()})
		}
	}
	sort.Slice(names, func(i, j int) bool { return names[i].Name < names[j].Name })
	return names, nil
}

// load makes sure that all names in a directory are known, and returns it.
func (t *Tree) load(ctx context.Context, dirID uint64) (*Node, error) {
	t.mu.Lock()
	dir, err := t.node(dirID)
	done := err == nil && (!dir.isDir() || t.complete(dir))
	t.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case !dir.isDir():
		return nil, unix.ENOTDIR
	case done:
		return dir, nil
	}
	return dir, t.list(ctx, dir, false)
}

// Still looks a line of a snapshot up again, for readdirplus: ok is false when it is not there any more.
func (t *Tree) Still(dirID uint64, line Name) (f Found, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, err := t.node(dirID)
	if err != nil {
		return Found{}, false
	}
	if e := dir.dir.entries[line.Name]; e == nil || e.node != line.Node {
		return Found{}, false
	}
	f, err = t.found(dir, line.Name)
	return f, err == nil
}

// Present reports whether a line of a snapshot is still true.
func (t *Tree) Present(dirID uint64, line Name) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, err := t.node(dirID)
	if err != nil {
		return false
	}
	e := dir.dir.entries[line.Name]
	return e != nil && e.node == line.Node
}

// Parent returns the inode number of the directory above.
func (t *Tree) Parent(dirID uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.nodes[dirID]; n != nil && len(n.names) > 0 {
		return n.names[0].dir.ID
	}
	return RootID
}
