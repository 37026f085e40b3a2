package tree

import (
	"context"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// persistLinks wishes the links that S3 is to hold as such: those that are neither outputs, which become what they lead
// to, nor kept local. Each directory's list is made to tell exactly what is a link.
func (t *Tree) persistLinks(ctx context.Context) error {
	t.mu.Lock()
	dirs := map[*Node][]string{} // names of links
	for _, n := range t.nodes {
		switch {
		case n.isSymlink():
			for _, p := range n.names {
				if t.persistent(p) {
					dirs[p.dir] = append(dirs[p.dir], p.name)
				}
			}
		case n.isDir() && t.lists(n):
			if _, known := dirs[n]; !known {
				dirs[n] = nil
			}
		}
	}
	t.mu.Unlock()
	for dir, links := range dirs {
		if err := t.persist(ctx, dir, links); err != nil {
			return err
		}
	}
	return nil
}

// persistent reports whether a link under a name is for S3.
func (t *Tree) persistent(p place) bool {
	key, ok := t.key(p.dir, p.name)
	if !ok {
		return false
	}
	class := t.cfg.Policy(key)
	return class != upload.Output && class != upload.Keep
}

// lists reports whether a directory has a list of links that may need to be changed.
func (t *Tree) lists(d *Node) bool {
	e := d.dir.entries[linksFile]
	return len(d.names) > 0 && (len(d.dir.links) > 0 || e != nil && e.node != nil && e.ours)
}

// persist wishes the given links of dir, and its list.
func (t *Tree) persist(ctx context.Context, dir *Node, links []string) error {
	listed, err := t.linkNames(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := t.resolve(ctx, dir.ID, linksFile); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	names := map[string]bool{}
	for name := range listed {
		e := dir.dir.entries[name]
		if e == nil && !t.complete(dir) || e != nil && e.node != nil && e.node.isSymlink() && t.persistent(place{dir, name}) {
			names[name] = true
		}
	}
	for _, name := range links {
		key, ok := t.key(dir, name)
		if strings.Contains(name, "\n") {
			t.warnOnce("a link whose name has two lines cannot be stored", key)
			continue
		}
		if e := dir.dir.entries[name]; ok && e != nil && e.node != nil && e.node.isSymlink() {
			names[name] = true
			if err := t.persistLink(key, e); err != nil {
				return err
			}
		}
	}
	return t.writeList(dir, names)
}

// persistLink wishes one link, unless S3 has it. t.mu is held.
func (t *Tree) persistLink(key object.Key, e *entry) error {
	if now := (realised{e.node, e.node.version}); e.ours && t.realised[key] != now {
		t.realised[key] = now
		t.left[key] = struct{}{}
		l, err := t.text(e.node.target)
		if err != nil {
			return err
		}
		defer l.Close()
		t.cfg.Queue.WantAll(upload.Wish{Key: key, Content: upload.Stored(l, linkMeta())})
	}
	return nil
}

// writeList makes dir's list of links tell names. t.mu is held.
func (t *Tree) writeList(dir *Node, names map[string]bool) error {
	e := t.entry(dir, linksFile)
	foreign := e.node != nil && e.ours && e.node != dir.dir.linksNode // such as one that was copied with other files
	if maps.Equal(names, dir.dir.links) && !foreign && (e.node != nil || len(names) == 0) {
		return nil
	}
	if e.node != nil {
		if e.node.isDir() {
			return unix.EISDIR
		}
		t.drop(dir, linksFile)
	}
	dir.dir.links, dir.dir.linksNode = names, nil
	if len(names) == 0 {
		return nil
	}
	l, err := t.text(strings.Join(slices.Sorted(maps.Keys(names)), "\n") + "\n")
	if err != nil {
		return err
	}
	n := t.newNode(unix.S_IFREG | 0o644)
	n.local, n.version = l, 1
	dir.dir.linksNode = n
	t.occupy(dir, linksFile, n)
	t.settle(dir, linksFile)
	return nil
}

// text makes a local file.
func (t *Tree) text(content string) (*cache.Local, error) {
	l, err := t.cfg.Local()
	if err != nil {
		return nil, err
	}
	if _, err := l.File().WriteString(content); err != nil {
		l.Close()
		return nil, err
	}
	l.Dirty()
	return l, nil
}
