package tree

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// maxLinks is how many links one path may lead over, as in path_resolution(7).
const maxLinks = 40

// materialise wishes, for each declared output that is a symbolic link, the bytes it leads to: by a copy on the server
// where they are an object. A dangling one is only reported.
func (t *Tree) materialise(ctx context.Context) error {
	t.mu.Lock()
	var links []place
	for _, n := range t.nodes {
		if n.isSymlink() {
			links = append(links, n.names...)
		}
	}
	t.mu.Unlock()
	for _, p := range links {
		t.mu.Lock()
		key, ok := t.key(p.dir, p.name)
		t.mu.Unlock()
		if !ok || t.cfg.Policy(key) != upload.Output {
			continue
		}
		err := t.realise(ctx, key, p, maxLinks)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) {
			t.cfg.Log.Warn("an output link leads nowhere and is not uploaded", "key", key.String(), "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// realise wishes under key what the name p leads to, over at most budget links.
func (t *Tree) realise(ctx context.Context, key object.Key, p place, budget int) error {
	n, outside, err := t.follow(ctx, p, &budget)
	if err != nil {
		return err
	}
	if outside != "" {
		return t.realiseOutside(key, outside)
	}
	if n.isDir() && inside(p.dir, n) {
		return unix.ELOOP
	}
	if n.isDir() {
		if err := t.loadAll(ctx, n); err != nil {
			return err
		}
		names, err := t.Names(ctx, n.ID)
		if err != nil {
			return err
		}
		for _, name := range names {
			below := object.Key{Bucket: key.Bucket, Name: key.Name + "/" + name.Name}
			if err := t.realise(ctx, below, place{n, name.Name}, budget); err != nil {
				return err
			}
		}
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !n.isFile() || t.realised[key] == (realised{n, n.version}) {
		return nil
	}
	t.realised[key] = realised{n, n.version}
	t.wantHidden(key, t.content(n))
	return nil
}

// realised is what a link's key was last given, so that a second Flush does not give it again.
type realised struct {
	node    *Node
	version uint64
}

// realiseOutside uploads a file or a directory of the container.
func (t *Tree) realiseOutside(key object.Key, file string) error {
	return filepath.WalkDir(file, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(p)
		if err != nil || !st.Mode().IsRegular() {
			return err
		}
		in, err := os.Open(p)
		if err != nil {
			return err
		}
		defer in.Close()
		l, err := t.cfg.Local()
		if err != nil {
			return err
		}
		defer l.Close()
		if _, err := io.Copy(l.File(), in); err != nil {
			return err
		}
		l.Dirty()
		below := object.Key{Bucket: key.Bucket, Name: key.Name + strings.TrimPrefix(p, file)}
		t.cfg.Queue.WantAll(upload.Wish{Key: below, Content: upload.Stored(l, nil)})
		return nil
	})
}

// follow resolves a name to what is no link: a node of the tree, or a path outside of the mount.
func (t *Tree) follow(ctx context.Context, p place, budget *int) (n *Node, outside string, err error) {
	t.mu.Lock()
	n, err = t.existing(p.dir, p.name)
	at := t.path(p.dir)
	t.mu.Unlock()
	if err != nil || !n.isSymlink() {
		return n, "", err
	}
	target := n.target
	if !path.IsAbs(target) {
		target = path.Join(t.cfg.Mount, at, target)
	}
	return t.walk(ctx, path.Clean(target), budget)
}

// walk resolves an absolute path of the container.
func (t *Tree) walk(ctx context.Context, file string, budget *int) (*Node, string, error) {
	if *budget--; *budget < 0 {
		return nil, "", unix.ELOOP
	}
	rest, ok := strings.CutPrefix(file, t.cfg.Mount+"/")
	if !ok {
		return nil, file, nil
	}
	dir, parts := t.root, strings.Split(rest, "/")
	for i, name := range parts {
		if _, err := t.resolve(ctx, dir.ID, name); err != nil {
			return nil, "", err
		}
		n, outside, err := t.follow(ctx, place{dir, name}, budget)
		tail := path.Join(parts[i+1:]...)
		switch {
		case err != nil:
			return nil, "", err
		case outside != "":
			return nil, path.Join(outside, tail), nil
		case tail == "":
			return n, "", nil
		case !n.isDir():
			return nil, "", unix.ENOTDIR
		}
		dir = n
	}
	return dir, "", nil
}

// path returns a directory's path below the mount, with a leading slash.
func (t *Tree) path(d *Node) string {
	if d == t.root || len(d.names) == 0 {
		return ""
	}
	p := d.names[0]
	return t.path(p.dir) + "/" + p.name
}
