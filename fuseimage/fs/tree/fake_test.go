package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A fakeStore is a bucket in memory. Unlike the server of the mount tests it holds any keys at the same time.
type fakeStore struct {
	mu      sync.Mutex
	content map[string]string
	denied  func(op, name string) bool // nil: nothing
	asked   []string                   // requests
}

func newStore(content map[string]string) *fakeStore { return &fakeStore{content: maps.Clone(content)} }

func (s *fakeStore) info(key object.Key) (object.Info, bool) {
	c, ok := s.content[key.Name]
	return object.Info{Key: key, Size: int64(len(c)), ETag: fmt.Sprintf("%q", c), Modified: time.Unix(1000, 0)}, ok
}

func (s *fakeStore) ask(op string, key object.Key) error {
	s.asked = append(s.asked, op+" "+key.Name)
	if s.denied != nil && s.denied(op, key.Name) {
		return &object.Error{Op: op, Key: key, Status: 403, Code: "AccessDenied"}
	}
	return nil
}

func (s *fakeStore) Head(_ context.Context, key object.Key) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ask("head", key); err != nil {
		return object.Info{}, err
	}
	info, ok := s.info(key)
	if !ok {
		return info, fs.ErrNotExist
	}
	return info, nil
}

func (s *fakeStore) Read(_ context.Context, info object.Info, off int64, p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ask("read", info.Key); err != nil {
		return err
	}
	if now, ok := s.info(info.Key); !ok || now.ETag != info.ETag {
		return object.ErrChanged
	}
	copy(p, s.content[info.Key.Name][off:])
	return nil
}

func (s *fakeStore) Any(_ context.Context, prefix object.Key) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ask("any", prefix); err != nil {
		return false, err
	}
	for name := range s.content {
		if strings.HasPrefix(name, prefix.Name) {
			return true, nil
		}
	}
	return false, nil
}

func (s *fakeStore) List(_ context.Context, prefix object.Key, delimiter string) iter.Seq2[object.Entry, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.ask("list", prefix)
	var entries []object.Entry
	for _, name := range slices.Sorted(maps.Keys(s.content)) {
		rest, ok := strings.CutPrefix(name, prefix.Name)
		if !ok {
			continue
		}
		if below, _, cut := strings.Cut(rest, "/"); cut && delimiter != "" {
			p := prefix.Name + below + "/"
			if n := len(entries); n == 0 || entries[n-1].Prefix != p {
				entries = append(entries, object.Entry{Prefix: p})
			}
			continue
		}
		info, _ := s.info(object.Key{Bucket: prefix.Bucket, Name: name})
		entries = append(entries, object.Entry{Info: info})
	}
	return func(yield func(object.Entry, error) bool) {
		if err != nil {
			yield(object.Entry{}, err)
			return
		}
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// A failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// A fakeQueue keeps the wishes until work is called, and keeps its promises: a source is neither replaced nor deleted
// before it is copied.
type fakeQueue struct {
	t      failer
	store  *fakeStore
	done   func(object.Key, upload.Content, object.Info)
	wishes map[object.Key]upload.Content
	r      *rand.Rand
	given  int // wishes so far
}

func (q *fakeQueue) WantAll(wishes ...upload.Wish) {
	for _, w := range wishes {
		q.given++
		q.forget(w.Key)
		if l := w.Content.Local(); l != nil {
			l.Retain()
		}
		q.wishes[w.Key] = w.Content
	}
}

func (q *fakeQueue) Cancel(_ context.Context, key object.Key) error {
	q.forget(key)
	return nil
}

// forget drops a wish and the reference that it holds.
func (q *fakeQueue) forget(key object.Key) {
	if l := q.wishes[key].Local(); l != nil {
		l.Close()
	}
	delete(q.wishes, key)
}

func (q *fakeQueue) Flush(context.Context, ...upload.Class) error {
	for len(q.wishes) > 0 {
		q.work()
	}
	return nil
}

// work makes one wish true, any that may be.
func (q *fakeQueue) work() {
	keys := slices.SortedFunc(maps.Keys(q.wishes), func(a, b object.Key) int { return strings.Compare(a.Name, b.Name) })
	q.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		if !q.protected(key) {
			q.perform(key, q.wishes[key])
			return
		}
	}
	if len(keys) > 0 {
		q.t.Fatalf("the wishes wait for one another: %v", keys)
	}
}

func (q *fakeQueue) protected(key object.Key) bool {
	for other, c := range q.wishes {
		if source, ok := c.Source(); ok && source.Key == key && other != key {
			return true
		}
	}
	return false
}

func (q *fakeQueue) perform(key object.Key, c upload.Content) {
	var info object.Info
	q.store.mu.Lock()
	if source, ok := c.Source(); ok {
		if now, there := q.store.info(source.Key); !there || now.ETag != source.ETag {
			q.store.mu.Unlock()
			q.t.Fatalf("the source of %s is not there any more: %+v", key, source)
		}
		q.store.content[key.Name] = q.store.content[source.Key.Name]
		info, _ = q.store.info(key)
	} else if l := c.Local(); l != nil {
		data, err := io.ReadAll(io.NewSectionReader(l.File(), 0, l.Size()))
		if err != nil {
			q.store.mu.Unlock()
			q.t.Fatal(err)
		}
		q.store.content[key.Name] = string(data)
		info, _ = q.store.info(key)
	} else {
		delete(q.store.content, key.Name)
	}
	q.store.mu.Unlock()
	q.forget(key)
	q.done(key, c, info)
}

// A rig is a tree over the fakes. Its cache is real.
type rig struct {
	*Tree
	t     failer
	store *fakeStore
	queue *fakeQueue
}

const bucket = "bucket"

// newCache returns a real cache whose client reaches nothing.
func newCache(t testing.TB) *cache.Cache {
	t.Helper()
	client, err := object.New(context.Background(), object.Config{Endpoint: "http://127.0.0.1:1", Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.Open(context.Background(), t.TempDir(), 0, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func newRig(t testing.TB, store *fakeStore, seed uint64, options ...func(*Config)) *rig {
	t.Helper()
	return newRigIn(t, newCache(t), store, seed, options...)
}

func newRigIn(t failer, c *cache.Cache, store *fakeStore, seed uint64, options ...func(*Config)) *rig {
	r := &rig{t: t, store: store}
	r.queue = &fakeQueue{t: t, store: store, wishes: map[object.Key]upload.Content{}, r: rand.New(rand.NewPCG(seed, 1))}
	cfg := Config{Store: store, Queue: r.queue, Local: c.Local, Refresh: time.Hour, Mount: "/fusion"}
	for _, o := range options {
		o(&cfg)
	}
	cfg.Own = r.own
	r.Tree = New(cfg)
	r.queue.done = r.Done
	return r
}

// find resolves a path below the bucket.
func (r *rig) find(path string) (Found, error) {
	f := Found{Node: r.root}
	for name := range strings.SplitSeq(strings.Trim("s3/"+bucket+"/"+path, "/"), "/") {
		next, err := r.Lookup(context.Background(), f.Node.ID, name)
		if err != nil {
			return f, err
		}
		if next.Node == nil {
			return next, fs.ErrNotExist
		}
		f = next
	}
	return f, nil
}

// parent resolves the directory of a path below the bucket.
func (r *rig) parent(path string) (dir uint64, name string, err error) {
	i := strings.LastIndex(path, "/")
	f, err := r.find(path[:max(i, 0)])
	if err != nil {
		return 0, "", err
	}
	return f.Node.ID, path[i+1:], nil
}

// write makes a file or replaces its content, as an open, a write and a close do.
func (r *rig) write(path, content string) error {
	ctx := context.Background()
	dir, name, err := r.parent(path)
	if err != nil {
		return err
	}
	f, err := r.Lookup(ctx, dir, name)
	if err != nil {
		return err
	}
	if f.Node == nil {
		if f, err = r.Create(ctx, dir, name, 0o644, Owner{}); err != nil {
			return err
		}
	} else if err := r.Open(ctx, f.Node, true); err != nil {
		return err
	}
	local, remote := r.Bytes(f.Node)
	if local == nil {
		fresh, err := r.cfg.Local()
		if err != nil {
			return err
		}
		if !r.Own(f.Node, fresh, remote) {
			return fmt.Errorf("%s cannot be owned", path)
		}
		local = fresh
	}
	if err := local.File().Truncate(0); err != nil {
		return err
	}
	if _, err := local.File().WriteAt([]byte(content), 0); err != nil {
		return err
	}
	r.Release(f.Node, true)
	return nil
}

// own is what package fs does to make a file local.
func (r *rig) own(_ context.Context, n *Node) error {
	local, remote := r.Bytes(n)
	if local != nil {
		return nil
	}
	r.store.mu.Lock()
	content := r.store.content[remote.Key.Name]
	info, ok := r.store.info(remote.Key)
	r.store.mu.Unlock()
	if !ok || info.ETag != remote.ETag {
		return fmt.Errorf("the bytes of inode %d are gone", n.ID)
	}
	fresh, err := r.cfg.Local()
	if err != nil {
		return err
	}
	if _, err := fresh.File().WriteAt([]byte(content), 0); err != nil {
		return err
	}
	r.Localised(n, fresh, remote)
	return nil
}

func (r *rig) rename(from, to string, flags uint32) error {
	fd, fn, err := r.parent(from)
	if err != nil {
		return err
	}
	td, tn, err := r.parent(to)
	if err != nil {
		return err
	}
	return r.Rename(context.Background(), fd, fn, td, tn, flags)
}

// files returns path -> content of all files, read as package fs would, and of links, and directories as path with a
// slash.
func (r *rig) files() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	root, err := r.find("")
	if err != nil {
		r.t.Fatal(err)
	}
	r.walk(root.Node, "", out)
	return out
}

func (r *rig) walk(n *Node, path string, out map[string]string) {
	names, err := r.Names(context.Background(), n.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names {
		p := path + name.Name
		switch {
		case name.Node.IsDir():
			out[p+"/"] = ""
			r.walk(name.Node, p+"/", out)
		case name.Node.IsFile():
			out[p] = r.read(name.Node, p)
		case name.Node.isSymlink():
			out[p] = "-> " + name.Node.target
		}
	}
}

func (r *rig) read(n *Node, path string) string {
	local, remote := r.Bytes(n)
	if local != nil {
		data, err := io.ReadAll(io.NewSectionReader(local.File(), 0, local.Size()))
		if err != nil {
			r.t.Fatal(err)
		}
		return string(data)
	}
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	info, ok := r.store.info(remote.Key)
	if !ok || info.ETag != remote.ETag {
		r.t.Fatalf("%s: its bytes should be in %s, which is gone or another version", path, remote.Key)
	}
	return r.store.content[remote.Key.Name]
}
