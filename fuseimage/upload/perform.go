package upload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// maxPut is the largest object, in bytes, that is sent in one request.
const maxPut = 8 << 20

// attempts is how often a wish is tried although the server, each time, does not confirm the bytes; and how often its
// parts count as progress, whatever made the earlier tries fail.
const attempts = 3

// task is a wish as a worker took it.
type task struct {
	ctx     context.Context // ends with the queue only
	key     object.Key
	want    Content
	told    Content // as the caller made it
	class   Class
	serial  int
	tries   int // before this one
	maybe   bool
	holds   string      // ETag of what the queue knows to be there, "" for unknown
	stream  *stream     // what Grow has uploaded already, or nil
	twin    object.Info // the same content under another key, ETag "" for none
	release func()
}

// perform makes one wish true. A cancelled ctx ends it only before the request that changes the key: that one runs
// under t.ctx, since a request left half done could still change the key after a later one.
func (q *Queue) perform(ctx context.Context, t *task) (object.Info, error) {
	size := int64(0)
	if t.want.local != nil {
		size = t.want.local.Size()
	}
	if s := t.stream; s != nil && (size <= maxPut || !maps.Equal(s.meta, t.want.meta) || ctx.Err() != nil) {
		q.abort(s.end())
		t.stream = nil
	}
	o := object.PutOptions{Tags: q.o.Tags.For(t.key.Name), Metadata: t.want.meta}
	src, copied := t.want.Source()
	switch {
	case ctx.Err() != nil:
		return object.Info{}, ctx.Err()
	case t.want.gone && !t.want.remote && !t.maybe:
		return object.Info{}, nil
	case t.want.gone:
		return object.Info{}, q.client.Delete(t.ctx, t.key)
	case copied:
		return q.copy(ctx, t, src, o)
	}
	if t.twin.ETag != "" {
		if info, err := q.client.Copy(t.ctx, t.twin, t.key, o); err == nil {
			return info, nil
		}
		t.twin = object.Info{} // replaced already, or not to be copied: the bytes are here
	}
	return q.store(ctx, t, t.want.local, size, o)
}

// store uploads the first size bytes of l.
func (q *Queue) store(ctx context.Context, t *task, l *cache.Local, size int64, o object.PutOptions) (object.Info, error) {
	if size > maxPut {
		return q.multipart(ctx, t, l, size, o)
	}
	return q.client.Put(t.ctx, t.key, l.File(), size, o)
}

// copy copies on the server. A source that this queue has moved meanwhile is found where it is now.
func (q *Queue) copy(ctx context.Context, t *task, src object.Info, o object.PutOptions) (object.Info, error) {
	for {
		info, err := q.copyFrom(t, src, o)
		if !errors.Is(err, object.ErrChanged) {
			return info, err
		}
		v := version{src.Key, src.ETag}
		q.mu.Lock()
		l, rescued := q.rescued[v]
		at, moved := q.places[v]
		q.mu.Unlock()
		switch {
		case rescued:
			return q.store(ctx, t, l, src.Size, o)
		case !moved:
			return object.Info{}, err
		}
		src = at
	}
}

// copyFrom makes no request where the key holds src already, as wished.
func (q *Queue) copyFrom(t *task, src object.Info, o object.PutOptions) (object.Info, error) {
	if src.Key != t.key || !maps.Equal(src.Metadata, o.Metadata) {
		return q.client.Copy(t.ctx, src, t.key, o)
	}
	if !t.maybe || t.holds == src.ETag {
		return src, nil
	}
	info, err := q.client.Head(t.ctx, t.key)
	if err == nil && info.ETag != src.ETag || errors.Is(err, fs.ErrNotExist) {
		return object.Info{}, fmt.Errorf("%s: %w", t.key, object.ErrChanged)
	}
	return info, err
}

// hopeless tells the failures that time will not heal.
func hopeless(err error) bool {
	switch object.Errno(err) {
	case syscall.EACCES, syscall.ENOENT, syscall.EINVAL, syscall.ESTALE:
		return true
	}
	return false
}
