package tree

import (
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// Follow stores the control files that have grown while they are open, so that a task can be followed from outside.
// What is stored is complete as of now; an append that comes later is stored the next time.
func (t *Tree) Follow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.nodes {
		if !n.isFile() || n.local == nil || n.writers == 0 {
			continue
		}
		for _, p := range n.names {
			key, ok := t.key(p.dir, p.name)
			if !ok || t.cfg.Policy(key) != upload.Control {
				continue
			}
			if size := n.local.Size(); size > n.followed {
				n.followed = size
				t.want(key, wish{node: n, local: n.local, version: n.version}, upload.Stored(n.local, metadata(n)))
				n.version++ // the last close stores it again
			}
		}
	}
}
