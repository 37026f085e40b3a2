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
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	dir := t.scheme
	name := key.Bucket
	for rest := key.Name; rest != ""; {
		if !showable(name) {
			return info, nil
		}
		t.putDir(dir, name, now)
		if dir = dir.dir.entries[name].node; dir == nil || !dir.isDir() {
			return info, nil // ours, and something else
		}
		name, rest, _ = strings.Cut(rest, "/")
	}
	if showable(name) {
		t.putFile(dir, name, info, now)
	}
	return info, nil
}
