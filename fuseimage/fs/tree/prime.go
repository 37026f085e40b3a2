package tree

import (
	"context"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Prime learns about an object with one request, and about the directories above it with none: they exist.
func (t *Tree) Prime(ctx context.Context, key object.Key) (object.Info, error) {
	info, err := t.cfg.Store.Head(ctx, key)
	if err != nil {
		return info, err
	}
	dir, name := t.way(key)
	if dir == nil {
		return info, nil
	}
	target, err := t.target(ctx, dir, name, info)
	if err != nil {
		return info, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now, ok := t.key(dir, name); !ok || now != key {
		return info, nil // moved meanwhile
	}
	if target != "" {
		t.putLink(dir, name, target, info, time.Now())
	} else {
		t.putFile(dir, name, info, time.Now())
	}
	return info, nil
}

// way makes the directories above an object that exists, and returns the last with the object's name; nil where
// something else is there.
func (t *Tree) way(key object.Key) (*Node, string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	dir := t.scheme
	name := key.Bucket
	for rest := key.Name; rest != ""; {
		if !showable(name) {
			return nil, ""
		}
		t.putDir(dir, name, now)
		if dir = dir.dir.entries[name].node; dir == nil || !dir.isDir() {
			return nil, "" // ours, and something else
		}
		name, rest, _ = strings.Cut(rest, "/")
	}
	if !showable(name) {
		return nil, ""
	}
	return dir, name
}
