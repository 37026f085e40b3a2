package tree

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// bucketName is the form that S3 accepts, so that a typo costs no request.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$`)

// Found is the answer to a look-up: Node is nil when nothing is there.
type Found struct {
	Node  *Node
	Attr  Attr
	Valid time.Duration // how long the name may be believed
}

// Lookup finds name in dir, asking S3 when need be. The kernel's lookup count grows with a found node.
func (t *Tree) Lookup(ctx context.Context, dirID uint64, name string) (Found, error) {
	dir, err := t.resolve(ctx, dirID, name)
	if err != nil {
		return Found{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.found(dir, name)
}

// found answers from what is known.
func (t *Tree) found(dir *Node, name string) (Found, error) {
	e := dir.dir.entries[name]
	f := Found{Valid: t.believed(dir, e)}
	if e == nil || e.node == nil {
		return f, nil
	}
	a, err := t.attr(e.node)
	if err != nil {
		return f, err
	}
	e.node.lookups++
	f.Node, f.Attr = e.node, a
	return f, nil
}

// resolve makes what is known of name in dir fresh, and returns the directory.
func (t *Tree) resolve(ctx context.Context, dirID uint64, name string) (*Node, error) {
	dir, key, plan, err := t.plan(dirID, name)
	if err != nil {
		return nil, err
	}
	switch plan {
	case askName:
		err = t.askName(ctx, dir, name, key)
	case askPage:
		if err = t.list(ctx, dir, true); errors.Is(err, fs.ErrPermission) {
			err = t.askName(ctx, dir, name, key) // a policy may grant reading without listing
		}
	case askBucket:
		err = t.askBucket(ctx, dir, name)
	}
	return dir, err
}

type plan int

const (
	askNobody plan = iota
	askName
	askPage
	askBucket
)

// plan decides how to learn about name.
func (t *Tree) plan(dirID uint64, name string) (*Node, object.Key, plan, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, err := t.node(dirID)
	if err != nil {
		return nil, object.Key{}, askNobody, err
	}
	if !dir.isDir() {
		return nil, object.Key{}, askNobody, unix.ENOTDIR
	}
	e := dir.dir.entries[name]
	fresh := e != nil && (e.ours || time.Since(e.seen) < t.believed(dir, e))
	if dir.dir.level == levelScheme && !fresh {
		if !bucketName.MatchString(name) {
			return dir, object.Key{}, askNobody, nil
		}
		if t.leadsToOwned(object.Key{Bucket: name}) {
			t.putDir(dir, name, time.Now())
			return dir, object.Key{}, askNobody, nil
		}
		return dir, object.Key{}, askBucket, nil
	}
	key, inS3 := t.key(dir, name)
	if !inS3 || fresh || name == linksFile || e == nil && t.complete(dir) || !showable(name) || len(key.Name) > 1024 {
		return dir, key, askNobody, nil
	}
	if t.leadsToOwned(object.Key{Bucket: key.Bucket, Name: key.Name + "/"}) {
		t.putDir(dir, name, time.Now())
		return dir, key, askNobody, nil
	}
	prefix, _ := t.prefix(dir)
	if !dir.dir.large && (t.owned(prefix) || dir.dir.misses > 0) {
		return dir, key, askPage, nil
	}
	dir.dir.misses++
	return dir, key, askName, nil
}

// askName learns about one name: is there an object, and are there keys below it?
func (t *Tree) askName(ctx context.Context, dir *Node, name string, key object.Key) error {
	var (
		info             object.Info
		isPrefix         bool
		headErr, listErr error
		asking           sync.WaitGroup
	)
	asking.Go(func() { info, headErr = t.cfg.Store.Head(ctx, key) })
	asking.Go(func() {
		isPrefix, listErr = t.cfg.Store.Any(ctx, object.Key{Bucket: key.Bucket, Name: key.Name + "/"})
	})
	asking.Wait()
	isObject := headErr == nil
	denied := errors.Is(headErr, fs.ErrPermission) && errors.Is(listErr, fs.ErrPermission)
	switch {
	case isPrefix, isObject, denied: // the other answer matters no more
	case headErr != nil && !errors.Is(headErr, fs.ErrNotExist):
		return headErr
	case listErr != nil && !errors.Is(listErr, fs.ErrNotExist):
		return listErr
	}
	target := ""
	if isObject && !isPrefix {
		var err error
		if target, err = t.target(ctx, dir, name, info); err != nil {
			return err
		}
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case target != "":
		t.putLink(dir, name, target, info, now)
	case isPrefix:
		if isObject {
			t.warnOnce("an object and a directory have the same name; the directory is shown", key)
		}
		t.putDir(dir, name, now)
	case isObject:
		t.putFile(dir, name, info, now)
	case denied:
		// A policy may grant what lies further down, such as one input's prefix, and nothing on the way there.
		t.putDir(dir, name, now)
	default:
		t.putNothing(dir, name, now)
	}
	return nil
}

// askBucket learns whether a bucket exists. One that we may not list at its top may be readable further down.
func (t *Tree) askBucket(ctx context.Context, dir *Node, name string) error {
	_, err := t.cfg.Store.Any(ctx, object.Key{Bucket: name})
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil || errors.Is(err, fs.ErrPermission):
		t.putDir(dir, name, time.Now())
	case errors.Is(err, fs.ErrNotExist):
		t.putNothing(dir, name, time.Now())
	default:
		return err
	}
	return nil
}
