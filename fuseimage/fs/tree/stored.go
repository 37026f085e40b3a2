package tree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A symbolic link in S3 is an object whose bytes are the link's target. Which objects are links tells, as with the
// vendor's client, a file of their directory with a name a line; and, as with s3fs, the type in their metadata.
const linksFile = ".fusion.symlinks"

const (
	maxTarget = 4095     // bytes of a target: PATH_MAX without its NUL
	maxList   = 16 << 20 // bytes of a linksFile that are worth reading
	atOnce    = 16       // targets that are read at a time
)

// linkMeta is the metadata of a link.
func linkMeta() map[string]string {
	return map[string]string{metaMode: strconv.Itoa(unix.S_IFLNK | 0o777)}
}

// target returns what an object of dir is a link to; "" for a file.
func (t *Tree) target(ctx context.Context, dir *Node, name string, info object.Info) (string, error) {
	mode, _ := strconv.ParseUint(info.Metadata[metaMode], 10, 32)
	kind := uint32(mode) & unix.S_IFMT
	if info.Size == 0 || info.Size > maxTarget || name == linksFile || kind != 0 && kind != unix.S_IFLNK {
		return "", nil
	}
	if kind == 0 {
		names, err := t.linkNames(ctx, dir)
		if err != nil || !names[name] {
			return "", err
		}
	}
	return t.readTarget(ctx, info)
}

func (t *Tree) readTarget(ctx context.Context, info object.Info) (string, error) {
	p := make([]byte, info.Size)
	if err := t.cfg.Store.Read(ctx, info, 0, p); err != nil {
		return "", err
	}
	if bytes.IndexByte(p, 0) >= 0 {
		return "", nil
	}
	return string(p), nil
}

// linkNames returns the names in dir that are links by its linksFile.
func (t *Tree) linkNames(ctx context.Context, dir *Node) (map[string]bool, error) {
	t.mu.Lock()
	prefix, ok := t.prefix(dir)
	d := dir.dir
	known := !ok || d.born || t.listIsOurs(prefix) || d.links != nil && (t.owned(prefix) || time.Since(d.linksSeen) < t.cfg.Refresh)
	names := d.links
	t.mu.Unlock()
	if known {
		return names, nil
	}
	info, err := t.cfg.Store.Head(ctx, object.Key{Bucket: prefix.Bucket, Name: prefix.Name + linksFile})
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if names, err = t.readList(ctx, info); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	d.links, d.linksSeen = names, time.Now()
	return names, nil
}

// listIsOurs reports whether the list of a directory was changed here, so that S3's is not the newest.
func (t *Tree) listIsOurs(prefix object.Key) bool {
	_, ours := t.left[object.Key{Bucket: prefix.Bucket, Name: prefix.Name + linksFile}]
	return ours
}

// readList reads a linksFile; info is zero where there is none.
func (t *Tree) readList(ctx context.Context, info object.Info) (map[string]bool, error) {
	names := map[string]bool{}
	if info.Size > maxList {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.warnOnce("this list of links is too long and not believed", info.Key)
		return names, nil
	}
	p := make([]byte, info.Size)
	if len(p) > 0 {
		if err := t.cfg.Store.Read(ctx, info, 0, p); err != nil {
			return nil, err
		}
	}
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			names[line] = true
		}
	}
	return names, nil
}

// links are those of one directory.
type links struct {
	names   map[string]bool   // as its linksFile tells; nil: not known
	targets map[string]string // by name
}

// linksAmong reads the links among the objects listed under a prefix, but for what is ours or known already.
func (t *Tree) linksAmong(ctx context.Context, prefix object.Key, entries []object.Entry, whole bool) (l links, err error) {
	var list object.Info
	for _, e := range entries {
		if e.Prefix == "" && e.Key.Name == prefix.Name+linksFile {
			list = e.Info
		}
		whole = whole || e.Key.Name > prefix.Name+linksFile
	}
	t.mu.Lock()
	ours := t.listIsOurs(prefix)
	t.mu.Unlock()
	if !whole || ours {
		return l, nil
	}
	if l.names, err = t.readList(ctx, list); err != nil || len(l.names) == 0 {
		return l, err
	}
	l.targets = map[string]string{}
	var mu sync.Mutex // guards l.targets
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, e := range entries {
		name := strings.TrimPrefix(e.Key.Name, prefix.Name)
		if e.Prefix != "" || !l.names[name] || e.Size == 0 || e.Size > maxTarget {
			continue
		}
		g.Go(func() error {
			target, ours := t.known(prefix, name, e.Info)
			if ours {
				return nil
			}
			var err error
			if target == "" {
				target, err = t.readTarget(ctx, e.Info)
			}
			mu.Lock()
			defer mu.Unlock()
			l.targets[name] = target
			return err
		})
	}
	return l, g.Wait()
}

// known returns the target of a link that is known in this version, and whether the name is ours anyway.
func (t *Tree) known(prefix object.Key, name string, info object.Info) (target string, ours bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, _, ok := t.at(object.Key{Bucket: prefix.Bucket, Name: strings.TrimSuffix(prefix.Name, "/")})
	if !ok || !dir.isDir() {
		return "", false
	}
	e := dir.dir.entries[name]
	switch {
	case e == nil:
	case e.ours:
		return "", true
	case e.node != nil && e.node.isSymlink() && e.node.remote.ETag == info.ETag:
		return e.node.target, false
	}
	return "", false
}

// putLink records that S3 has a link to target under a name. What is ours is left alone.
func (t *Tree) putLink(dir *Node, name, target string, info object.Info, seen time.Time) {
	e := t.entry(dir, name)
	if e.ours || seen.Before(e.seen) {
		return
	}
	e.seen, e.remote, e.stored = seen, true, info
	if n := e.node; n != nil && n.isSymlink() && n.target == target {
		n.remote = info
		return
	}
	t.vacate(dir, name)
	n := t.newNode(unix.S_IFLNK | 0o777)
	n.target, n.remote = target, info
	n.mtime, n.ctime, n.atime = info.Modified, info.Modified, info.Modified
	t.attach(dir, name, n, e)
}
