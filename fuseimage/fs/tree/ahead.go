package tree

import (
	"slices"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Position returns a file's directory and its place among the objects that were last listed there, in key order.
func (t *Tree) Position(n *Node) (dir *Node, index int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(n.names) == 0 {
		return nil, 0, false
	}
	p := n.names[0]
	index, ok = slices.BinarySearch(p.dir.dir.order, p.name)
	return p.dir, index, ok
}

// Ahead returns the versions of up to count objects of at most size bytes each, from a place on.
func (t *Tree) Ahead(dir *Node, index, count int, size int64) []object.Info {
	t.mu.Lock()
	defer t.mu.Unlock()
	order := dir.dir.order
	index = min(index, len(order))
	var out []object.Info
	for _, name := range order[index:min(index+count, len(order))] {
		if e := dir.dir.entries[name]; e != nil && e.node != nil && e.node.isFile() && e.node.local == nil && e.node.remote.Size <= size {
			out = append(out, e.node.remote)
		}
	}
	return out
}
