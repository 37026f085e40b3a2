package tree

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// The levels of directories: the root, /s3, a bucket, and all below.
const (
	levelRoot = iota
	levelScheme
	levelBucket
	levelPrefix
)

// A directory holds what is known of a directory's names. Guarded by Tree.mu.
type directory struct {
	level   int
	entries map[string]*entry
	born    bool      // made here, with all that is in it: S3 has nothing to add
	listed  time.Time // when entries were last complete, zero if never
	large   bool      // more than one page: names are asked for one by one
	misses  int       // names asked for one by one since the last list
	order   []string  // names of the objects, as last listed
	marker  bool      // S3 holds an object with the directory's key

	links     map[string]bool // names that linksFile tells to be links, as last read or written; nil: not read yet
	linksSeen time.Time       // when it was read
}

// An entry is what is known of a name.
type entry struct {
	node   *Node     // nil: nothing is there
	ours   bool      // changed here; S3 is not asked again
	seen   time.Time // when S3 was asked
	remote bool      // S3 holds an object under this key, or did before we changed it

	stored object.Info // the version that S3 holds, where known; its Key tells whether the entry has moved since
}

// prefix returns the key prefix of a directory, "" or ending with a slash. ok is false for the directories above
// the buckets and for a removed one.
func (t *Tree) prefix(d *Node) (key object.Key, ok bool) {
	if d.dir.level < levelBucket || len(d.names) == 0 {
		return object.Key{}, false
	}
	p := d.names[0]
	if d.dir.level == levelBucket {
		return object.Key{Bucket: p.name}, true
	}
	key, ok = t.prefix(p.dir)
	key.Name += p.name + "/"
	return key, ok
}

// key returns the key of a name.
func (t *Tree) key(dir *Node, name string) (object.Key, bool) {
	key, ok := t.prefix(dir)
	key.Name += name
	return key, ok
}

// complete reports whether the names in d are all known and still believed.
func (t *Tree) complete(d *Node) bool {
	if d.dir.born {
		return true
	}
	if d.dir.listed.IsZero() {
		return false
	}
	prefix, ok := t.prefix(d)
	return !ok || t.owned(prefix) || time.Since(d.dir.listed) < t.cfg.Refresh
}

// believed returns how long the entry is to be believed, at most Forever.
func (t *Tree) believed(dir *Node, e *entry) time.Duration {
	if dir.dir.level == levelScheme && (e == nil || e.node == nil) {
		return t.cfg.Refresh // a bucket may yet be made
	}
	if dir.dir.born || e != nil && e.ours {
		return Forever
	}
	prefix, ok := t.prefix(dir)
	if !ok || t.owned(prefix) || e != nil && e.node != nil && e.node.isDir() && t.leadsToOwned(prefix) {
		return Forever
	}
	return t.cfg.Refresh
}

// checkName refuses what S3 cannot hold or a directory cannot show.
func (t *Tree) checkName(dir *Node, name string) error {
	if len(name) > 255 { // NAME_MAX
		return unix.ENAMETOOLONG
	}
	if !utf8.ValidString(name) {
		return unix.EILSEQ
	}
	if key, ok := t.key(dir, name); ok && len(key.Name) > 1024 { // S3's limit, in bytes
		return unix.ENAMETOOLONG
	}
	return nil
}

// showable reports whether a component of a key can be a file name.
func showable(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 255 &&
		!strings.ContainsAny(name, "/\x00") && utf8.ValidString(name)
}

// touch notes a change of d's names.
func (t *Tree) touch(d *Node) {
	now := time.Now()
	d.mtime, d.ctime = now, now
	t.claim(d)
}

// claim marks the way from d up to the bucket as ours: it exists because we put something there.
func (t *Tree) claim(d *Node) {
	for d.dir.level > levelBucket && len(d.names) > 0 {
		p := d.names[0]
		p.dir.dir.entries[p.name].ours = true
		d = p.dir
	}
}
