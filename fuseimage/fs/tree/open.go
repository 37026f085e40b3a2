package tree

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Open notes a new handle of a file. With write it first makes sure that nothing of the file is being uploaded, which
// may wait for a request to end; it returns when the bytes may change.
func (t *Tree) Open(ctx context.Context, n *Node, write bool) error {
	t.mu.Lock()
	if t.nodes[n.ID] != n || !n.isFile() {
		t.mu.Unlock()
		return unix.ESTALE
	}
	n.opens++
	if write {
		n.writers++
		t.writing++
	}
	t.mu.Unlock()
	if !write {
		return nil
	}
	if err := t.change(ctx, n); err != nil {
		t.Release(n, true)
		return err
	}
	return nil
}

// change stops uploads of n's bytes, which are about to change. n.writers must be held up.
func (t *Tree) change(ctx context.Context, n *Node) error {
	t.mu.Lock()
	n.version++
	var pending []object.Key
	for _, p := range n.names {
		key, ok := t.key(p.dir, p.name)
		if w := t.wishes[key]; ok && w != nil && w.node == n && w.local != nil && !w.done {
			pending = append(pending, key)
		}
	}
	t.mu.Unlock()
	for _, key := range pending {
		if err := t.cfg.Queue.Cancel(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// Release takes a handle back. The last writer's settles what is to be uploaded.
func (t *Tree) Release(n *Node, write bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.opens--
	if write {
		t.writing--
		if n.writers--; n.writers == 0 && n.local != nil {
			n.local.Dirty()
			t.settleNode(n)
		}
	}
	if n.opens > 0 {
		return
	}
	for key, h := range t.held {
		if h == n {
			delete(t.held, key)
			t.settleNow(key)
		}
	}
	t.clean(n)
	t.collect(n)
}

// settleNode settles all names of a file.
func (t *Tree) settleNode(n *Node) {
	for _, p := range n.names {
		t.settle(p.dir, p.name)
	}
}

// settleNow settles a key by what is there now.
func (t *Tree) settleNow(key object.Key) {
	if n, p, ok := t.at(key); ok {
		t.settleKey(key, n, p.dir.dir.entries[p.name].remote)
		return
	}
	t.settleKey(key, nil, true)
}

// Bytes returns where the bytes of a file are: in local when that is not nil, else in the version remote.
func (t *Tree) Bytes(n *Node) (local *cache.Local, remote object.Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return n.local, n.remote
}

// Written reports whether the file was ever open for writing here.
func (t *Tree) Written(n *Node) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return n.version > 0
}

// Own makes local the file's bytes from now on, unless it has become local meanwhile (ok is false) or was replaced by
// another version than from. The caller holds a handle that may write.
func (t *Tree) Own(n *Node, local *cache.Local, from object.Info) (ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n.local != nil || n.remote.ETag != from.ETag {
		return false
	}
	n.local = local
	n.version++
	t.claimNames(n)
	for key, h := range t.held {
		if h == n {
			delete(t.held, key)
			t.settleNow(key)
		}
	}
	return true
}

// claimNames makes all names of n ours.
func (t *Tree) claimNames(n *Node) {
	for _, p := range n.names {
		p.dir.dir.entries[p.name].ours = true
		t.claim(p.dir)
	}
}

// Localised is Own for a file that need not be open: the bytes are the same, only their place changes.
func (t *Tree) Localised(n *Node, local *cache.Local, from object.Info) (ok bool) {
	if ok = t.Own(n, local, from); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if n.writers == 0 {
			t.settleNode(n)
		}
	}
	return ok
}

// Growing tells the queue how far a file has been written that lies under one name only. It is a hint.
func (t *Tree) Growing(n *Node, grow func(object.Key, *cache.Local, map[string]string)) {
	t.mu.Lock()
	if len(n.names) != 1 || n.local == nil || n.writers == 0 {
		t.mu.Unlock()
		return
	}
	key, ok := t.key(n.names[0].dir, n.names[0].name)
	if w := t.wishes[key]; ok && (w == nil || w.node != n) {
		t.wishes[key] = &wish{node: n} // so that the key is given up when the name goes
	}
	local, meta := n.local, metadata(n)
	t.mu.Unlock()
	if ok {
		grow(key, local, meta)
	}
}
