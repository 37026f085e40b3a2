package tree

import (
	"context"

	"golang.org/x/sys/unix"
)

// Unlink takes a name from a file. Whoever has it open keeps it.
func (t *Tree) Unlink(ctx context.Context, dirID uint64, name string) error {
	dir, err := t.resolve(ctx, dirID, name)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.existing(dir, name)
	if err != nil {
		return err
	}
	if n.isDir() {
		return unix.EISDIR
	}
	t.drop(dir, name)
	return nil
}

// Rmdir removes an empty directory.
func (t *Tree) Rmdir(ctx context.Context, dirID uint64, name string) error {
	dir, err := t.resolve(ctx, dirID, name)
	if err != nil {
		return err
	}
	if err := t.loadChild(ctx, dir, name); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.existing(dir, name)
	switch {
	case err != nil:
		return err
	case !n.isDir():
		return unix.ENOTDIR
	case dir.dir.level < levelBucket:
		return unix.EPERM
	case !t.empty(n):
		return unix.ENOTEMPTY
	}
	t.drop(dir, name)
	return nil
}

// drop removes a name, and what it stood for when it was the last.
func (t *Tree) drop(dir *Node, name string) {
	n := dir.dir.entries[name].node
	if n.isDir() {
		t.unmark(n)
		t.unlist(n)
	}
	key, inS3 := t.key(dir, name)
	if inS3 && n.isFile() && n.local == nil && n.remote.Key == key && n.opens > 0 && len(n.names) == 1 {
		t.held[key] = n
	}
	if inS3 && len(n.names) > 1 {
		t.rebase(n, key)
	}
	remote := dir.dir.entries[name].remote
	t.leave(dir, name)
	if inS3 {
		t.settleKey(key, nil, remote)
	}
	t.collect(n)
}

// unmark deletes a directory's marker object.
func (t *Tree) unmark(n *Node) {
	if key, ok := t.prefix(n); ok && n.dir.marker {
		n.dir.marker = false
		t.settleKey(key, nil, true)
	}
}

// loadChild makes sure that a child directory's names are known.
func (t *Tree) loadChild(ctx context.Context, dir *Node, name string) error {
	t.mu.Lock()
	n, err := t.existing(dir, name)
	t.mu.Unlock()
	if err != nil || !n.isDir() {
		return nil // the caller sees it again, under the lock
	}
	_, err = t.load(ctx, n.ID)
	return err
}

// existing returns the node under a name.
func (t *Tree) existing(dir *Node, name string) (*Node, error) {
	if e := dir.dir.entries[name]; e != nil && e.node != nil {
		return e.node, nil
	}
	return nil, unix.ENOENT
}

// empty reports whether a complete directory has no name.
func (t *Tree) empty(n *Node) bool {
	for _, e := range n.dir.entries {
		if e.node != nil {
			return false
		}
	}
	return true
}
