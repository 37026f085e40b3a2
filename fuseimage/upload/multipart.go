package upload

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// parallelParts is how many parts of one file are on their way at the same time; the client's limiter may allow fewer.
const parallelParts = 8

// abortTime bounds the effort to drop an upload.
const abortTime = 20 * time.Second

// rungs is the ladder of part sizes: small enough to begin early, large enough for 5 TiB in 10,000 parts.
func rungs() []rung {
	return []rung{{8 << 20, 1000}, {32 << 20, 2000}, {128 << 20, 2000}, {1 << 30, 5000}}
}

type rung struct {
	size  int64 // bytes
	count int   // parts
}

// partRange returns where part i (from 0) lies; ok is false beyond 10,000 parts.
func partRange(i int) (off, size int64, ok bool) {
	for _, r := range rungs() {
		if i < r.count {
			return off + int64(i)*r.size, r.size, true
		}
		i -= r.count
		off += int64(r.count) * r.size
	}
	return 0, 0, false
}

// multipart uploads a file of size bytes, using the parts that Grow has sent where they still match.
func (q *Queue) multipart(ctx context.Context, t *task, l *cache.Local, size int64, o object.PutOptions) (info object.Info, err error) {
	u, sent := object.Upload{}, map[int]object.Part(nil)
	if t.stream != nil {
		u, sent = t.stream.end()
	}
	if u.ID == "" {
		if u, err = q.beginUpload(t.ctx, t.key, o); err != nil {
			return info, err
		}
	}
	type result struct {
		parts []object.Part
		err   error
	}
	ended := make(chan result, 1)
	l.Retain()
	q.work.Go(func() {
		defer l.Close()
		parts, err := q.sendParts(ctx, t, l, u, sent, size)
		ended <- result{parts, err}
	})
	select {
	case r := <-ended:
		if err = r.err; err == nil {
			info, err = q.client.Complete(t.ctx, u, r.parts)
		}
		if err != nil {
			q.abort(u, nil)
			return object.Info{}, err
		}
		return info, q.cache.Journal().End(u)
	case <-ctx.Done():
		q.work.Go(func() {
			<-ended
			q.abort(u, nil)
		})
		return object.Info{}, ctx.Err()
	}
}

// sendParts uploads all parts that are not there yet with the bytes that the file has now. The end of ctx keeps it from
// beginning more of them, but one that is on its way goes on: cut off, it might be stored after the abort, for good.
func (q *Queue) sendParts(ctx context.Context, t *task, l *cache.Local, u object.Upload, sent map[int]object.Part, size int64) ([]object.Part, error) {
	var parts []object.Part
	for i, end := 0, int64(0); end < size; i++ {
		off, n, ok := partRange(i)
		if !ok {
			return nil, fmt.Errorf("%s: %d bytes are more than S3 takes in 10,000 parts", u.Key, size)
		}
		end = min(off+n, size)
		parts = append(parts, object.Part{Number: int32(i + 1), Off: off, Size: end - off})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelParts)
	for i := range parts {
		group.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p := &parts[i]
			if old, ok := sent[i]; ok && old.Size == p.Size {
				sum, err := q.client.Sum(ctx, l.File(), p.Off, p.Size)
				if err != nil {
					return err
				}
				if sum == old.Checksum {
					*p = old
					return nil
				}
			}
			*p, err = q.client.Part(t.ctx, u, p.Number, l.File(), p.Off, p.Size)
			if err == nil && t.tries < attempts {
				q.progress()
			}
			return err
		})
	}
	return parts, group.Wait()
}

// beginUpload starts an upload that the journal knows of, so that the next process can abort it.
func (q *Queue) beginUpload(ctx context.Context, key object.Key, o object.PutOptions) (object.Upload, error) {
	if err := q.cache.Journal().Intend(key); err != nil {
		return object.Upload{}, err
	}
	u, err := q.client.Begin(ctx, key, o)
	if err != nil {
		return u, err
	}
	return u, q.cache.Journal().Begin(u)
}

// abort drops an upload, as well as can be; what stays is left to the journal, as is an upload whose parts the end of
// the queue may have cut off on their way.
func (q *Queue) abort(u object.Upload, _ map[int]object.Part) {
	if u.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx), abortTime)
	defer cancel()
	err := q.client.Abort(ctx, u)
	if err == nil && q.ctx.Err() == nil {
		err = q.cache.Journal().End(u)
	}
	if err != nil {
		q.log.Warn("an upload could not be aborted", "key", u.Key.String(), "err", err)
	}
}
