package tree

import (
	"context"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// Flush returns when S3 holds what the tree shows: files (also those that are still open), declared outputs that are
// links, with the bytes they lead to, other links as such, and a marker for each empty directory that was made here. With classes it waits
// for those only.
func (t *Tree) Flush(ctx context.Context, classes ...upload.Class) error {
	t.awaitCloses(ctx)
	t.settleOpen()
	if err := t.mark(ctx); err != nil {
		return err
	}
	if err := t.persistLinks(ctx); err != nil {
		return err
	}
	if err := t.materialise(ctx); err != nil {
		return err
	}
	return t.cfg.Queue.Flush(ctx, classes...)
}

// lateClose is how long Flush waits for the kernel to tell of closes.
const lateClose = 100 * time.Millisecond

// awaitCloses waits until no file is open for writing, or not for long: the kernel tells of a close(2) after that has
// returned, also where a process has ended, and a file that seems open would be uploaded now and again at its close.
func (t *Tree) awaitCloses(ctx context.Context) {
	for end := time.Now().Add(lateClose); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		t.mu.Lock()
		writing := t.writing
		t.mu.Unlock()
		if writing == 0 {
			return
		}
	}
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

// mark wishes a marker object for each directory that would not exist in S3 otherwise.
func (t *Tree) mark(ctx context.Context) error {
	for _, n := range t.emptied() {
		if err := t.list(ctx, n, false); err != nil {
			return err // of a directory of which only some names are known: the others may have kept it
		}
		if err := t.markOne(n); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) markOne(n *Node) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	key, ok := t.prefix(n)
	if !ok || key.Name == "" || n.dir.marker || !t.empty(n) {
		return nil
	}
	n.dir.marker = true
	return t.wantText(key, "", nil)
}

// emptied returns the directories that seem to be empty by our hand.
func (t *Tree) emptied() []*Node {
	t.mu.Lock()
	defer t.mu.Unlock()
	var dirs []*Node
	for _, n := range t.nodes {
		if !n.isDir() || n.dir.level < levelBucket || n.dir.marker || len(n.names) == 0 || !t.empty(n) {
			continue
		}
		p := n.names[0]
		if n.dir.born || p.dir.dir.entries[p.name].ours {
			dirs = append(dirs, n)
		}
	}
	return dirs
}
