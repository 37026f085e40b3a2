package upload

import (
	"context"
	"sync"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// lag is how many parts behind the growing end are left alone, because programs go back to what they just wrote.
const lag = 2

// parallelGrow is how many parts of one growing file are on their way at the same time.
const parallelGrow = 4

// Streamed is the size in bytes from which the upload of a file may begin before the file is complete.
const Streamed = (1 + lag) * 8 << 20

// stream is the speculative upload of a file that is still being written.
type stream struct {
	q     *Queue
	key   object.Key
	local *cache.Local // holds a reference
	meta  map[string]string
	ctx   context.Context
	work  sync.WaitGroup

	mu     sync.Mutex // a leaf
	size   int64      // of the file, as last heard; guarded by mu, as all below
	next   int        // part to send next
	active int
	ended  bool
	upload object.Upload
	parts  map[int]object.Part
}

// Grow is a hint that l, to be wanted under key later, is being written from start to end and has size bytes now:
// parts behind the end are uploaded already. They are verified again when the wish comes, which should have the same
// metadata.
func (q *Queue) Grow(key object.Key, l *cache.Local, size int64, metadata map[string]string) {
	if size < Streamed || q.o.Policy(key) == Keep {
		return
	}
	q.mu.Lock()
	j := q.job(key)
	if q.closed || j.open || j.begun || j.stream != nil && j.stream.local != l {
		q.mu.Unlock()
		return
	}
	s := j.stream
	if s == nil {
		s = &stream{q: q, key: key, local: l.Retain(), meta: metadata, parts: map[int]object.Part{}}
		s.ctx = object.WithPriority(q.ctx, object.Speculative)
		j.stream = s
	}
	q.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = max(s.size, size)
	s.advance()
}

// advance starts workers for parts that are far enough behind the end. s.mu is held.
func (s *stream) advance() {
	for !s.ended && s.active < parallelGrow && (s.upload.ID != "" || s.active == 0) {
		off, n, ok := partRange(s.next)
		if !ok || off+(1+lag)*n > s.size {
			return
		}
		i := s.next
		s.next++
		s.active++
		s.work.Go(func() { s.send(i, off, n) })
	}
}

// send uploads part i; the first to come begins the upload. A failure is not repeated: the part is sent at the end.
func (s *stream) send(i int, off, n int64) {
	s.mu.Lock()
	u := s.upload
	s.mu.Unlock()
	var err error
	if u.ID == "" {
		u, err = s.q.beginUpload(s.ctx, s.key, object.PutOptions{Tags: s.q.o.Tags.For(s.key.Name), Metadata: s.meta})
		s.mu.Lock()
		s.upload = u
		s.advance()
		s.mu.Unlock()
	}
	var p object.Part
	if err == nil {
		p, err = s.q.client.Part(s.ctx, u, int32(i+1), s.local.File(), off, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if err == nil {
		s.parts[i] = p
		s.q.progress()
	}
	s.advance()
}

// end stops the stream and returns what it has. Parts on their way go on: they are worth waiting for, and one that is
// cut off might be stored after an abort, for good.
func (s *stream) end() (object.Upload, map[int]object.Part) {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.work.Wait()
	s.local.Close()
	return s.upload, s.parts
}

// dropStream aborts what Grow began for j. q.mu is held.
func (q *Queue) dropStream(j *job) {
	s := j.stream
	j.stream = nil
	q.work.Go(func() { q.abort(s.end()) })
}
