package upload

import (
	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A Class says when, and whether, the content of a key is uploaded.
type Class int

// The classes, first to last. Final waits until every other wish is true (.exitcode). Keep is not uploaded.
const (
	Control Class = iota
	Output
	Other
	Final
	Keep
)

// priority of the requests of a class.
func (c Class) priority() object.Priority {
	if c == Control || c == Final {
		return object.Control
	}
	return object.Output
}

// Content is what should be under a key: made by Stored, Copied or Gone.
type Content struct {
	local  *cache.Local
	source object.Info
	gone   bool
	remote bool
	meta   map[string]string
	id     *byte // of Stored content
}

// Stored wishes the present bytes of l, from now until the wish is true, replaced or cancelled: the caller must not
// let them change meanwhile, except by appending. The queue takes its own reference. Parts that Grow has sent are of
// use only with the same metadata, which S3 takes at the start of an upload. One Content wished under several keys is
// uploaded once, and copied by the server for the others.
func Stored(l *cache.Local, metadata map[string]string) Content {
	return Content{local: l, meta: metadata, id: new(byte)}
}

// Copied wishes a server-side copy of info, which the queue protects until the copy is verified: wishes that would
// replace or delete info's key wait.
func Copied(info object.Info) Content { return Content{source: info, meta: info.Metadata} }

// Restated wishes what Copied does, with other metadata; info may be what the key holds already.
func Restated(info object.Info, metadata map[string]string) Content {
	return Content{source: info, meta: metadata}
}

// Gone wishes that nothing is there. remote says whether something can be there that this queue did not put;
// if not, and the queue never began to put it, no request is made.
func Gone(remote bool) Content { return Content{gone: true, remote: remote} }

// Local returns the file of a Stored content, else nil.
func (c Content) Local() *cache.Local { return c.local }

// Source returns the version that Copied content is made of, else ok is false.
func (c Content) Source() (info object.Info, ok bool) {
	return c.source, c.local == nil && !c.gone
}

// Metadata returns what the object is to carry.
func (c Content) Metadata() map[string]string { return c.meta }

// Is reports whether c and d come from one call of Stored: a file may be wished for again while an older version of
// its bytes is on the way.
func (c Content) Is(d Content) bool { return c.id != nil && c.id == d.id }

// A Wish is what should be under a key.
type Wish struct {
	Key     object.Key
	Content Content
}
