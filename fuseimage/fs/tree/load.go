package tree

import (
	"context"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

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
