package tree

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// page is how many names one request lists; a directory that fits is listed instead of being asked name by name.
const page = 1000

// list learns all names in dir, or with onlyPage no more than one page of them.
func (t *Tree) list(ctx context.Context, dir *Node, onlyPage bool) error {
	return again(func() error { return t.listOnce(ctx, dir, onlyPage) })
}

// again repeats a list where an object that is on it was replaced before it was read.
func again(list func() error) (err error) {
	for range 3 {
		if err = list(); !errors.Is(err, object.ErrChanged) {
			break
		}
	}
	return err
}

func (t *Tree) listOnce(ctx context.Context, dir *Node, onlyPage bool) error {
	t.mu.Lock()
	prefix, ok := t.prefix(dir)
	ok = ok && !dir.dir.born
	t.mu.Unlock()
	if !ok {
		return nil
	}
	began := time.Now()
	var entries []object.Entry
	whole := true
	for e, err := range t.cfg.Store.List(ctx, prefix, "/") {
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		if onlyPage && len(entries) == page {
			whole = false
			break
		}
		entries = append(entries, e)
	}
	links, err := t.linksAmong(ctx, prefix, entries, whole)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now, ok := t.prefix(dir); !ok || now != prefix {
		return nil // moved meanwhile, with all that it holds
	}
	t.merge(dir, prefix, entries, links, whole, began)
	return nil
}

// merge puts what S3 listed under prefix into dir; the links among them are l. What is ours stays as it is.
func (t *Tree) merge(dir *Node, prefix object.Key, entries []object.Entry, l links, whole bool, began time.Time) {
	if l.names != nil && !t.listIsOurs(prefix) {
		dir.dir.links, dir.dir.linksSeen = l.names, began
	}
	dir.dir.order = dir.dir.order[:0]
	for _, e := range entries {
		if e.Prefix == "" {
			name := strings.TrimPrefix(e.Key.Name, prefix.Name)
			if name == "" {
				dir.dir.marker = true
			} else if name == linksFile {
				continue // shown by what it tells
			} else if !showable(name) {
				t.warnOnce("this key cannot be a file name and is not shown", e.Key)
			} else if target := l.targets[name]; target != "" {
				t.putLink(dir, name, target, e.Info, began)
			} else {
				t.putFile(dir, name, e.Info, began)
				dir.dir.order = append(dir.dir.order, name)
			}
		}
	}
	for _, e := range entries { // after the objects, because a directory hides one of its name
		if e.Prefix != "" {
			name := strings.TrimSuffix(strings.TrimPrefix(e.Prefix, prefix.Name), "/")
			key := object.Key{Bucket: prefix.Bucket, Name: e.Prefix}
			if !showable(name) {
				t.warnOnce("this key cannot be a file name and is not shown", key)
				continue
			}
			if old := dir.dir.entries[name]; old != nil && old.node != nil && old.node.isFile() && !old.ours && old.seen.Equal(began) {
				t.warnOnce("an object and a directory have the same name; the directory is shown", key)
			}
			t.putDir(dir, name, began)
		}
	}
	if !whole {
		dir.dir.large = true
		return
	}
	dir.dir.large, dir.dir.misses, dir.dir.listed = false, 0, began
	for name, e := range dir.dir.entries {
		if !e.ours && e.seen.Before(began) {
			t.vacate(dir, name)
			delete(dir.dir.entries, name)
		}
	}
}
