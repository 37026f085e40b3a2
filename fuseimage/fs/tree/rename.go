package tree

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Rename moves a name, atomically for everyone in the mount. flags are those of renameat2(2): RENAME_NOREPLACE and
// RENAME_EXCHANGE. Between buckets it fails with EXDEV, so that mv copies.
//
// What was not uploaded yet costs no request. An object is copied on the server and its old key deleted once the copy
// is verified. Objects that trade places cannot all be copied; one of them is fetched.
func (t *Tree) Rename(ctx context.Context, fromID uint64, from string, toID uint64, to string, flags uint32) error {
	if flags&^(unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE) != 0 {
		return unix.EINVAL
	}
	src, err := t.resolve(ctx, fromID, from)
	if err != nil {
		return err
	}
	dst, err := t.resolve(ctx, toID, to)
	if err != nil {
		return err
	}
	since := time.Now()
	for range 100 { // each round makes known, or local, what the last one lacked
		m := move{from: place{src, from}, to: place{dst, to}, exchange: flags&unix.RENAME_EXCHANGE != 0, since: since}
		err := t.rename(&m, flags)
		switch {
		case err != nil:
			return err
		case m.unknown != nil && m.shallow:
			err = t.list(ctx, m.unknown, false)
		case m.unknown != nil:
			err = t.loadAll(ctx, m.unknown)
		case m.cyclic != nil:
			err = t.cfg.Own(ctx, m.cyclic)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return unix.EBUSY // others change the directory faster than it can be listed
}

// A move is a rename under way. unknown or cyclic is set when something has to be learnt before it can be done.
type move struct {
	from, to place
	exchange bool
	since    time.Time // what was listed after it counts as known
	unknown  *Node     // a directory of which not all is known
	shallow  bool      // only the names in it, not below
	cyclic   *Node     // a file whose copy would wait for itself
}

func (t *Tree) rename(m *move, flags uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	src, dst, err := t.checkMove(m, flags)
	if err != nil || src == dst {
		return err // two names of one file: nothing to do, says rename(2)
	}
	for _, n := range []*Node{src, dst} {
		if n != nil && n.isDir() && m.unknown == nil {
			m.shallow = n == dst && !m.exchange
			m.unknown = t.unknown(n, m.shallow, m.since)
		}
	}
	if m.unknown != nil {
		return nil
	}
	if dst != nil && dst.isDir() && !m.exchange && !t.empty(dst) {
		return unix.ENOTEMPTY
	}
	if m.cyclic = t.cycle(m, src, dst); m.cyclic != nil {
		return nil
	}
	t.apply(m, src, dst)
	return nil
}

// checkMove applies the rules of rename(2) that need no request. dst is nil when nothing is there.
func (t *Tree) checkMove(m *move, flags uint32) (src, dst *Node, err error) {
	if m.from.dir.dir.level < levelBucket || m.to.dir.dir.level < levelBucket {
		return nil, nil, unix.EPERM
	}
	if len(m.to.dir.names) == 0 {
		return nil, nil, unix.ENOENT
	}
	if src, err = t.existing(m.from.dir, m.from.name); err != nil {
		return nil, nil, err
	}
	dst, err = t.existing(m.to.dir, m.to.name)
	switch {
	case err != nil && m.exchange:
		return nil, nil, unix.ENOENT
	case err == nil && flags&unix.RENAME_NOREPLACE != 0:
		return nil, nil, unix.EEXIST
	case t.bucket(m.from.dir) != t.bucket(m.to.dir):
		return nil, nil, unix.EXDEV
	case inside(m.to.dir, src), m.exchange && inside(m.from.dir, dst):
		return nil, nil, unix.EINVAL
	case dst != nil && !m.exchange && inside(m.from.dir, dst):
		return nil, nil, unix.ENOTEMPTY
	case dst == nil || m.exchange:
	case src.isDir() && !dst.isDir():
		return nil, nil, unix.ENOTDIR
	case !src.isDir() && dst.isDir():
		return nil, nil, unix.EISDIR
	}
	return src, dst, t.checkName(m.to.dir, m.to.name)
}

// inside reports whether d is n or lies below it.
func inside(d, n *Node) bool {
	for ; d != n; d = d.names[0].dir {
		if len(d.names) == 0 {
			return false
		}
	}
	return true
}

// unknown returns a directory at or below n whose names are not all known, nil if there is none.
func (t *Tree) unknown(n *Node, shallow bool, since time.Time) *Node {
	if !t.complete(n) && n.dir.listed.Before(since) {
		return n
	}
	if n.dir.born || shallow {
		return nil
	}
	for _, e := range n.dir.entries {
		if e.node != nil && e.node.isDir() && t.unknown(e.node, false, since) != nil {
			return n
		}
	}
	return nil
}

// loadAll learns all names at and below dir, by one list of all depths.
func (t *Tree) loadAll(ctx context.Context, dir *Node) error {
	return again(func() error { return t.loadAllOnce(ctx, dir) })
}

func (t *Tree) loadAllOnce(ctx context.Context, dir *Node) error {
	t.mu.Lock()
	prefix, ok := t.prefix(dir)
	t.mu.Unlock()
	if !ok {
		return nil
	}
	began := time.Now()
	levels := map[string][]object.Entry{prefix.Name: nil} // prefix of a directory -> its own entries
	for e, err := range t.cfg.Store.List(ctx, prefix, "") {
		if err != nil {
			return err
		}
		spread(levels, prefix.Name, e)
	}
	found := map[string]links{}
	for name, entries := range levels {
		l, err := t.linksAmong(ctx, object.Key{Bucket: prefix.Bucket, Name: name}, entries, true)
		if err != nil {
			return err
		}
		found[name] = l
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now, ok := t.prefix(dir); !ok || now != prefix {
		return nil
	}
	t.mergeAll(dir, prefix, levels, found, began)
	return nil
}

// spread files an object under its directory, and that under the one above, up to root.
func spread(levels map[string][]object.Entry, root string, e object.Entry) {
	dir := e.Key.Name[:strings.LastIndex(e.Key.Name, "/")+1]
	levels[dir] = append(levels[dir], e)
	for dir != root {
		up := dir[:strings.LastIndex(dir[:len(dir)-1], "/")+1]
		_, known := levels[up]
		if last := len(levels[up]) - 1; last < 0 || levels[up][last].Prefix != dir {
			levels[up] = append(levels[up], object.Entry{Prefix: dir})
		}
		if known && up == root {
			return
		}
		dir = up
	}
}

func (t *Tree) mergeAll(dir *Node, prefix object.Key, levels map[string][]object.Entry, found map[string]links, began time.Time) {
	if dir.dir.born {
		return
	}
	t.merge(dir, prefix, levels[prefix.Name], found[prefix.Name], true, began)
	for name, e := range dir.dir.entries {
		if e.node != nil && e.node.isDir() {
			t.mergeAll(e.node, object.Key{Bucket: prefix.Bucket, Name: prefix.Name + name + "/"}, levels, found, began)
		}
	}
}
