package upload

import (
	"context"
	"errors"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// maxPut is the largest object, in bytes, that is sent in one request.
const maxPut = 8 << 20

// task is a wish as a worker took it.
type task struct {
	ctx     context.Context // ends with the queue only
	key     object.Key
	want    Content
	class   Class
	serial  int
	maybe   bool
	stream  *stream // what Grow has uploaded already, or nil
	release func()
}

// perform makes one wish true. A cancelled ctx ends it only before the request that changes the key: that one runs
// under t.ctx, since a request left half done could still change the key after a later one.
func (q *Queue) perform(ctx context.Context, t *task) (object.Info, error) {
	size := int64(0)
	if t.want.local != nil {
		size = t.want.local.Size()
	}
	if s := t.stream; s != nil && (size <= maxPut || len(t.want.meta) > 0 || ctx.Err() != nil) {
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
		return q.copy(t.ctx, src, t.key, o)
	case size > maxPut:
		return q.multipart(ctx, t, size, o)
	}
	return q.client.Put(t.ctx, t.key, t.want.local.File(), size, o)
}

// copy copies on the server. A source that this queue has moved meanwhile is found where it is now.
func (q *Queue) copy(ctx context.Context, src object.Info, to object.Key, o object.PutOptions) (object.Info, error) {
	info, err := q.client.Copy(ctx, src, to, o)
	for errors.Is(err, object.ErrChanged) {
		q.mu.Lock()
		at, ok := q.places[version{src.Key, src.ETag}]
		q.mu.Unlock()
		if !ok {
			return object.Info{}, err
		}
		src = at
		info, err = q.client.Copy(ctx, src, to, o)
	}
	if err == nil && src.Key != to {
		q.mu.Lock()
		q.places[version{src.Key, src.ETag}] = info
		q.mu.Unlock()
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
