package tree

import (
	"context"
	"sort"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// Flush returns when S3 holds what the tree shows: files (also those that are still open), declared outputs that are
// links, with the bytes they lead to, and a marker for each empty directory that was made here. With classes it waits
// for those only.
func (t *Tree) Flush(ctx context.Context, classes ...upload.Class) error {
	t.settleOpen()
	if err := t.mark(); err != nil {
		return err
	}
	if err := t.materialise(ctx); err != nil {
		return err
	}
	return t.cfg.Queue.Flush(ctx, classes...)
}

// settleOpen settles files that are still open, as they are now.
func (t *Tree) settleOpen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.held {
		delete(t.held, key)
		t.settleNow(key)
	}
	for _, n := range t.nodes {
		if n.isFile() && n.local != nil {
			writers := n.writers
			n.writers = 0 // the wish does not wait for them
			t.settleNode(n)
			if n.writers = writers; writers > 0 {
				n.version++ // what they write from now on is wished for when they close
			}
		}
	}
}

// mark wishes a marker object for each directory of ours that would not exist in S3 otherwise.
func (t *Tree) mark() error {
	t.mu.Lock()
	var keys []object.Key
	for _, n := range t.nodes {
		if !n.isDir() || n.dir.marker || len(n.names) == 0 || !t.emptied(n) {
			continue
		}
		if key, ok := t.prefix(n); ok && key.Name != "" {
			keys = append(keys, key)
			n.dir.marker = true
		}
	}
	t.mu.Unlock()
	sort.Slice(keys, func(i, j int) bool { return keys[i].Name < keys[j].Name })
	for _, key := range keys {
		l, err := t.cfg.Local()
		if err != nil {
			return err
		}
		t.cfg.Queue.WantAll(upload.Wish{Key: key, Content: upload.Stored(l, nil)})
		l.Close()
	}
	return nil
}

// emptied reports whether a directory is empty by our hand.
func (t *Tree) emptied(n *Node) bool {
	if !n.dir.born && n.dir.listed.IsZero() {
		return false // never looked into, so never changed
	}
	p := n.names[0]
	return t.empty(n) && (n.dir.born || p.dir.dir.entries[p.name].ours)
}
