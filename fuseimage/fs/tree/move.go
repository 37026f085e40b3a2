package tree

import (
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// apply carries out a checked move. Its wishes reach the queue as one, so that no source of a copy is given up before
// the copy is wished for.
func (t *Tree) apply(m *move, src, dst *Node) {
	var (
		lost  []lostKey
		batch []upload.Wish
	)
	t.batch = &batch
	defer func() {
		t.batch = nil
		t.cfg.Queue.WantAll(batch...)
	}()
	fromEntry, toEntry := m.from.dir.dir.entries[m.from.name], t.entry(m.to.dir, m.to.name)
	lost = t.losing(lost, m.from, fromEntry)
	if m.exchange {
		lost = t.losing(lost, m.to, toEntry)
	} else if dst != nil {
		t.replace(m.to, dst)
	}
	t.leave(m.from.dir, m.from.name)
	if m.exchange {
		t.leave(m.to.dir, m.to.name)
		t.occupy(m.from.dir, m.from.name, dst)
	}
	t.occupy(m.to.dir, m.to.name, src)
	src.ctime = time.Now()
	t.settleAll(m.to)
	if m.exchange {
		t.settleAll(m.from)
	}
	for _, l := range lost {
		t.settleLost(l)
	}
	if dst != nil && !m.exchange {
		t.collect(dst)
	}
}

// A lostKey is a key whose name has gone elsewhere.
type lostKey struct {
	key    object.Key
	remote bool
}

// losing notes the keys at and below a name that is about to move, and makes the moved directories complete by
// themselves: S3 has nothing of theirs at the new place.
func (t *Tree) losing(lost []lostKey, p place, e *entry) []lostKey {
	key, _ := t.key(p.dir, p.name)
	lost = append(lost, lostKey{key, e.remote})
	if e.node == nil || !e.node.isDir() {
		return lost
	}
	d := e.node.dir
	if d.marker {
		lost = append(lost, lostKey{object.Key{Bucket: key.Bucket, Name: key.Name + "/"}, true})
	}
	if len(d.links) > 0 {
		lost = append(lost, lostKey{object.Key{Bucket: key.Bucket, Name: key.Name + "/" + linksFile}, true})
		d.links = nil // Flush makes one at the new place
	}
	for name, child := range d.entries {
		lost = t.losing(lost, place{e.node, name}, child)
		child.remote, child.ours = false, true
		if child.node == nil {
			delete(d.entries, name)
		}
	}
	d.born, d.marker = true, false
	return lost
}

// settleAll settles all names at and below one.
func (t *Tree) settleAll(p place) {
	n := p.dir.dir.entries[p.name].node
	if n.isDir() {
		for name := range n.dir.entries {
			t.settleAll(place{n, name})
		}
		return
	}
	t.settle(p.dir, p.name)
}

// settleLost settles a key from which a name has moved away. Something else may have moved there.
func (t *Tree) settleLost(l lostKey) {
	marker := strings.HasSuffix(l.key.Name, "/") // which at takes for the name itself
	if n, _, ok := t.at(l.key); ok && n.isFile() && !marker {
		if l.remote {
			t.left[l.key] = struct{}{}
		}
		return // settled as a name of the other side
	}
	t.settleKey(l.key, nil, l.remote)
}

// replace takes the name of what a rename overwrites. The key gets its wish from the new owner.
func (t *Tree) replace(p place, dst *Node) {
	key, _ := t.key(p.dir, p.name)
	if dst.isDir() {
		t.unmark(dst)
		t.unlist(dst)
	} else if dst.isFile() {
		if dst.local == nil && dst.remote.Key == key && dst.opens > 0 && len(dst.names) == 1 {
			t.held[key] = dst
		}
		if len(dst.names) > 1 {
			t.rebase(dst, key)
		}
	}
	t.leave(p.dir, p.name)
}

// at finds what is under a key now.
func (t *Tree) at(key object.Key) (n *Node, p place, ok bool) {
	scheme := t.scheme
	n, p = scheme, place{}
	for name, rest := key.Bucket, key.Name; ; {
		e := n.dir.entries[name]
		if e == nil || e.node == nil {
			return nil, p, false
		}
		p, n = place{n, name}, e.node
		if rest == "" {
			return n, p, true
		}
		if !n.isDir() {
			return nil, p, false
		}
		name, rest, _ = strings.Cut(rest, "/")
	}
}

// cycle returns a file of which the move's copy would wait, over other copies, for itself.
func (t *Tree) cycle(m *move, src, dst *Node) *Node {
	if m.exchange && (src.isDir() || dst.isDir()) {
		if n := t.anyClean(src); n != nil {
			return n // exchanged directories: simplest is to have one side local
		}
		return nil
	}
	if m.exchange && dst.isFile() && dst.local == nil && src.isFile() && src.local == nil {
		return src
	}
	target, _ := t.key(m.to.dir, m.to.name)
	return t.cycleAt(src, target)
}

// cycleAt is cycle for the file n, or for those below it, when it moves to target.
func (t *Tree) cycleAt(n *Node, target object.Key) *Node {
	if n.isDir() {
		for name, e := range n.dir.entries {
			if e.node != nil {
				if c := t.cycleAt(e.node, object.Key{Bucket: target.Bucket, Name: target.Name + "/" + name}); c != nil {
					return c
				}
			}
		}
		return nil
	}
	if !n.isFile() || n.local != nil || n.remote.Key == target {
		return nil
	}
	for k, steps := n.remote.Key, 0; steps <= len(t.wishes); steps++ {
		w := t.wishes[k]
		if w == nil || w.node == nil || w.local != nil {
			return nil
		}
		if w.source.Key == target {
			return n
		}
		k = w.source.Key
	}
	return nil
}

// anyClean returns a file at or below n whose bytes are in S3 only.
func (t *Tree) anyClean(n *Node) *Node {
	if n.isFile() && n.local == nil {
		return n
	}
	if n.isDir() {
		for _, e := range n.dir.entries {
			if e.node != nil {
				if c := t.anyClean(e.node); c != nil {
					return c
				}
			}
		}
	}
	return nil
}
