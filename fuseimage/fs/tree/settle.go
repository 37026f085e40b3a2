package tree

import (
	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A wish is what the queue was last told about a key.
type wish struct {
	node    *Node        // whose bytes; nil: nothing should be there
	local   *cache.Local // Stored
	version uint64       // of local's bytes
	content upload.Content
	source  object.Info // Copied
	done    bool        // it came true
}

// settle gives the wish that follows from what is under a name now.
func (t *Tree) settle(dir *Node, name string) {
	key, ok := t.key(dir, name)
	if !ok {
		return
	}
	e := dir.dir.entries[name]
	if e == nil {
		t.settleKey(key, nil, false)
		return
	}
	t.settleKey(key, e.node, e.remote)
}

// settleKey is settle for a key; n is what is there now, remote says whether S3 had an object there before us.
func (t *Tree) settleKey(key object.Key, n *Node, remote bool) {
	if h := t.held[key]; h != nil && h != n && h.opens > 0 && h.local == nil {
		return // an open handle still reads that object; its Release settles
	}
	delete(t.held, key)
	w := t.wishes[key]
	switch {
	case n == nil || !n.isFile():
		_, left := t.left[key]
		if !remote && !left && w == nil || w != nil && w.node == nil {
			return // nothing was ever there or wanted, or it is being deleted already
		}
		if remote || left {
			remote = true
			t.left[key] = struct{}{}
		}
		t.want(key, wish{}, upload.Gone(remote))
	case n.local != nil:
		if n.writers > 0 || w != nil && w.local == n.local && w.version == n.version {
			return
		}
		t.want(key, wish{node: n, local: n.local, version: n.version}, t.content(n))
	case n.remote.Key != key || w != nil:
		t.want(key, wish{node: n, source: n.remote}, t.content(n))
	}
}

// want gives a wish to the queue, or to the batch that is being put together.
func (t *Tree) want(key object.Key, w wish, c upload.Content) {
	w.content = c
	t.wishes[key] = &w
	delete(t.realised, key)
	if t.batch != nil {
		*t.batch = append(*t.batch, upload.Wish{Key: key, Content: c})
		return
	}
	t.cfg.Queue.WantAll(upload.Wish{Key: key, Content: c})
}

// Done is the queue's report that a wish came true (upload.Options.Done).
func (t *Tree) Done(key object.Key, c upload.Content, info object.Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.wishes[key]
	source, copied := c.Source()
	switch {
	case w == nil:
	case c.Local() != nil:
		if w.content.Is(c) {
			info.Metadata = c.Metadata() // a multipart upload does not tell
			w.done, w.source = true, info
			t.clean(w.node)
		}
	case copied:
		if w.node != nil && w.local == nil && w.source.Key == source.Key && w.source.ETag == source.ETag {
			delete(t.wishes, key)
			info.Key = key
			t.copied(w.node, source.Key, info)
		}
	case w.node == nil:
		delete(t.wishes, key)
		delete(t.left, key)
	}
}

// clean turns a local file whose names are all in S3 into a cached object, which may be evicted.
func (t *Tree) clean(n *Node) {
	if n.local == nil || n.opens > 0 || len(n.names) == 0 {
		return
	}
	var info object.Info
	for _, p := range n.names {
		key, ok := t.key(p.dir, p.name)
		w := t.wishes[key]
		if !ok || w == nil || !w.done || w.local != n.local || w.version != n.version {
			return
		}
		info = w.source
		info.Key = key
	}
	a, err := t.attr(n)
	if err != nil {
		return
	}
	o, err := n.local.Clean(info)
	if err != nil {
		t.cfg.Log.Warn("an uploaded file stays in the cache", "key", info.Key.String(), "error", err)
		return
	}
	o.Close()
	for _, p := range n.names {
		key, _ := t.key(p.dir, p.name)
		w := t.wishes[key]
		delete(t.wishes, key)
		e := p.dir.dir.entries[p.name]
		e.remote, e.stored = true, w.source
		e.stored.Key = key
	}
	n.local, n.remote, n.content = nil, info, upload.Content{}
	n.mtime, n.atime, n.ctime = a.Mtime, a.Atime, a.Ctime
}

// copied notes that info is a verified copy of what n was read from, and reads from there when source is n's no more.
func (t *Tree) copied(n *Node, source object.Key, info object.Info) {
	moved := n.local == nil && n.remote.Key == source
	for _, p := range n.names {
		switch key, _ := t.key(p.dir, p.name); key {
		case info.Key:
			e := p.dir.dir.entries[p.name]
			e.remote, e.stored = true, info
		case source:
			moved = false
		}
	}
	if moved {
		n.remote = info
	}
}

// rebase makes sure that a file with several names, which is about to lose one, is still read from an object that stays:
// one under another of its names, or the source of a pending copy to one, which the queue protects.
func (t *Tree) rebase(n *Node, losing object.Key) {
	if !n.isFile() || n.local != nil {
		return
	}
	var stored, pending object.Info
	for _, p := range n.names {
		key, ok := t.key(p.dir, p.name)
		if !ok || key == losing {
			continue
		}
		e, w := p.dir.dir.entries[p.name], t.wishes[key]
		switch {
		case n.remote.Key == key:
			return
		case w == nil && e.stored.Key == key:
			stored = e.stored
		case w != nil && w.node == n && w.local == nil:
			pending = w.source
		}
	}
	if stored.ETag != "" {
		n.remote = stored
	} else if pending.ETag != "" {
		n.remote = pending
	}
}
