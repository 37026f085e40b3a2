// Package tree is the name space of the mount: what exists under which name, and what S3 should therefore hold.
//
// The tree knows objects, directories that exist only as prefixes, and what the task made here. What the task changed
// is ours: S3 is not asked about such a name again. Everything else is believed for Config.Refresh, or for as long as
// the mount lives below Config.Owned. An inode is one version of an object: when S3 shows another version under a
// name, the name gets a new inode and whoever has the old one open keeps it.
//
// No operation tells the queue what happened; each calls settle for the keys it touched, and settle derives the wish
// from what is at the name now.
//
// Lock order: Tree.mu, then the locks of cache and upload. Tree.mu is never held across the network: operations ask
// S3 first, then lock, look again, and apply. An interrupted operation therefore has changed nothing.
package tree

import (
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A Store tells what S3 holds; *object.Client is one.
type Store interface {
	Head(ctx context.Context, key object.Key) (object.Info, error)
	List(ctx context.Context, prefix object.Key, delimiter string) iter.Seq2[object.Entry, error]
	Any(ctx context.Context, prefix object.Key) (bool, error)
	Read(ctx context.Context, info object.Info, off int64, p []byte) error
}

// A Queue makes S3 hold what it should; *upload.Queue is one.
type Queue interface {
	WantAll(wishes ...upload.Wish)
	Cancel(ctx context.Context, key object.Key) error
	Flush(ctx context.Context, classes ...upload.Class) error
}

// Config of a Tree.
type Config struct {
	Store  Store
	Queue  Queue
	Local  func() (*cache.Local, error)       // makes the file behind a new name
	Own    func(context.Context, *Node) error // fetches the bytes of a file and makes it local (see Localised)
	Policy func(object.Key) upload.Class      // of the queue; tells which links are outputs. nil: all

	Bucket  string        // what the root shows; "" for /s3/BUCKET
	Owned   []object.Key  // prefixes that nobody else writes to: seen once, believed for ever
	Refresh time.Duration // how long the rest is believed
	Mount   string        // absolute path of the root, by which absolute link targets are recognised

	UID, GID uint32 // owner of what is found in S3
	Log      *slog.Logger
}

// Forever is the life of what only this mount can change.
const Forever = time.Hour

// RootID is the inode number of the root.
const RootID = 1

// Tree is safe for concurrent use.
type Tree struct {
	cfg Config

	mu     sync.Mutex
	nodes  map[uint64]*Node // guarded by mu: all that the kernel or a directory knows
	lastID uint64           // guarded by mu
	root   *Node
	scheme *Node // the parent of all buckets

	writing  int                     // guarded by mu: handles that may write
	wishes   map[object.Key]*wish    // guarded by mu: given to the queue, and not yet true or true by a local file
	batch    *[]upload.Wish          // guarded by mu: the wishes of a rename, which are given as one
	left     map[object.Key]struct{} // guarded by mu: S3 may still hold what a wish of ours deletes
	held     map[object.Key]*Node    // guarded by mu: unlinked, but read from this key by an open handle
	realised map[object.Key]realised // guarded by mu: output links, by key
	warned   map[string]struct{}     // guarded by mu: keys that cannot be shown, said once
}

// New returns the tree /, /s3 and, below, a directory for each bucket that is looked up; or that of Config.Bucket.
func New(cfg Config) *Tree {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Policy == nil {
		cfg.Policy = func(object.Key) upload.Class { return upload.Output }
	}
	t := &Tree{
		cfg:      cfg,
		nodes:    map[uint64]*Node{},
		wishes:   map[object.Key]*wish{},
		left:     map[object.Key]struct{}{},
		held:     map[object.Key]*Node{},
		realised: map[object.Key]realised{},
		warned:   map[string]struct{}{},
	}
	t.root = t.newNode(unix.S_IFDIR | 0o755)
	t.root.dir = &directory{entries: map[string]*entry{}, born: true}
	t.scheme = t.newNode(unix.S_IFDIR | 0o755)
	t.scheme.dir = &directory{entries: map[string]*entry{}, born: true, level: levelScheme}
	if cfg.Bucket == "" {
		t.attach(t.root, "s3", t.scheme, &entry{ours: true})
	} else {
		t.root.dir = &directory{entries: map[string]*entry{}, level: levelBucket}
		t.attach(t.scheme, cfg.Bucket, t.root, &entry{ours: true})
	}
	owned := t.cfg.Owned
	t.cfg.Owned = nil
	t.Claim(owned)
	return t
}

// Node returns the inode, or ESTALE when it is not known any more.
func (t *Tree) Node(id uint64) (*Node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.node(id)
}

func (t *Tree) node(id uint64) (*Node, error) {
	if n := t.nodes[id]; n != nil {
		return n, nil
	}
	return nil, unix.ESTALE
}

// newNode makes an inode with no name and no lookup.
func (t *Tree) newNode(mode uint32) *Node {
	t.lastID++
	now := time.Now()
	n := &Node{ID: t.lastID, mode: mode, uid: t.cfg.UID, gid: t.cfg.GID, atime: now, mtime: now, ctime: now}
	t.nodes[n.ID] = n
	return n
}

// Forget takes back lookups that the kernel was told of.
func (t *Tree) Forget(id, lookups uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.nodes[id]; n != nil {
		n.lookups -= min(lookups, n.lookups)
		t.collect(n)
	}
}

// collect gives up what nobody can reach any more. A lookup that the kernel did not forget counts: it may be on the way
// to open what was unlinked a moment ago, and a file on a disk would let it.
func (t *Tree) collect(n *Node) {
	if len(n.names) > 0 || n.opens > 0 || n.lookups > 0 || n == t.root {
		return
	}
	if n.local != nil {
		n.local.Close()
		n.local = nil
	}
	delete(t.nodes, n.ID)
}

// Claim adds prefixes that nobody else writes to. It does not know what was seen of them before.
func (t *Tree) Claim(prefixes []object.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range prefixes {
		if k.Name != "" && !strings.HasSuffix(k.Name, "/") {
			k.Name += "/"
		}
		t.cfg.Owned = append(t.cfg.Owned, k)
	}
}

// owned reports whether only this mount changes what lies under prefix.
func (t *Tree) owned(prefix object.Key) bool {
	for _, o := range t.cfg.Owned {
		if o.Bucket == prefix.Bucket && strings.HasPrefix(prefix.Name, o.Name) {
			return true
		}
	}
	return false
}

// leadsToOwned reports whether prefix is an owned one or lies above one, and so exists without asking.
func (t *Tree) leadsToOwned(prefix object.Key) bool {
	for _, o := range t.cfg.Owned {
		if o.Bucket == prefix.Bucket && strings.HasPrefix(o.Name, prefix.Name) {
			return true
		}
	}
	return false
}

// warnOnce says msg about key, the first time only.
func (t *Tree) warnOnce(msg string, key object.Key) {
	id := msg + key.String()
	if _, ok := t.warned[id]; !ok {
		t.warned[id] = struct{}{}
		t.cfg.Log.Warn(msg, "key", key.String())
	}
}
