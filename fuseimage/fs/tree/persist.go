package tree

import (
	"context"
	"maps"
	"slices"
	"strings"

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
	return len(d.names) > 0 && (len(d.dir.links) > 0 || e != nil && e.node != nil)
}

// persist wishes the given links of dir, and its list.
func (t *Tree) persist(ctx context.Context, dir *Node, links []string) error {
	listed, err := t.linkNames(ctx, dir)
	if err != nil {
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
	now := realised{e.node, e.node.version}
	if !e.ours || t.realised[key] == now {
		return nil
	}
	t.realised[key] = now
	return t.wantText(key, e.node.target, linkMeta())
}

// writeList makes dir's list of links tell names. t.mu is held.
func (t *Tree) writeList(dir *Node, names map[string]bool) error {
	key, ok := t.key(dir, linksFile)
	e := dir.dir.entries[linksFile]
	made := e != nil && e.node != nil // by the task, such as by copying a directory with its links followed
	switch {
	case !ok || made && e.node.isDir() || !made && maps.Equal(names, dir.dir.links):
		return nil
	case made:
		t.drop(dir, linksFile)
	case len(names) == 0:
		t.settleKey(key, nil, true)
	}
	if dir.dir.links = names; len(names) == 0 {
		return nil
	}
	return t.wantText(key, strings.Join(slices.Sorted(maps.Keys(names)), "\n")+"\n", nil)
}

// unlist deletes a directory's list of links.
func (t *Tree) unlist(d *Node) {
	if key, ok := t.key(d, linksFile); ok && len(d.dir.links) > 0 {
		d.dir.links = nil
		t.settleKey(key, nil, true)
	}
}

// wantText wishes an object that is no file here.
func (t *Tree) wantText(key object.Key, content string, metadata map[string]string) error {
	l, err := t.cfg.Local()
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := l.File().WriteString(content); err != nil {
		return err
	}
	l.Dirty()
	t.wantHidden(key, upload.Stored(l, metadata))
	return nil
}

// wantHidden wishes what is under no name of the tree. S3 is to lose it again when a wish for the key follows.
func (t *Tree) wantHidden(key object.Key, c upload.Content) {
	delete(t.wishes, key)
	t.left[key] = struct{}{}
	t.cfg.Queue.WantAll(upload.Wish{Key: key, Content: c})
}
