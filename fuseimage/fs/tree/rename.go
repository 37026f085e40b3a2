package tree

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
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
