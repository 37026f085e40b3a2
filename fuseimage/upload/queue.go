// Package upload makes S3 hold what the task left.
//
// The queue holds, for each key, what should be there; the newest wish wins, and workers make it so. A wish that was
// replaced before it was begun costs no request.
//
// Lock order: Queue.mu is the only lock, never held across the network or a file read.
package upload

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A Queue is safe for concurrent use.
type Queue struct {
	client *object.Client
	cache  *cache.Cache
	o      Options
	log    *slog.Logger
	ctx    context.Context // ends the work
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	jobs    map[object.Key]*job      // guarded by mu, as all below
	lines   [Keep][]entry            // by class, in order of arrival
	parked  []entry                  // wait for a copy of their key
	sources map[object.Key]int       // wishes that copy from a key
	places  map[version]object.Info  // where versions were copied to
	twins   map[*byte]*twin          // by Content.id
	rescued map[version]*cache.Local // versions that were downloaded because others were to take their place
	opened  [Keep]int                // open wishes by class
	failed  int                      // of them for good
	running int
	hurried int // Flush calls under way
	timer   *time.Timer
	moved   chan struct{} // closed, and replaced, at every change that a waiter may wait for
	last    time.Time     // of progress
	report  Report
	closed  bool
}

// job is a key with a history in this queue.
type job struct {
	key      object.Key
	want     Content
	told     Content // the wish as the caller made it
	class    Class
	serial   int       // of the wish
	open     bool      // the wish is not true yet
	begun    bool      // a worker is at it
	due      time.Time // when it may begin
	tries    int
	refuted  int    // tries that ended with other bytes in S3, as far as the server tells
	err      error  // the last failure
	failed   bool   // for good
	maybe    bool   // S3 may hold something that we put
	holds    string // the ETag of what it holds, when known
	stop     context.CancelFunc
	release  func() // gives the wish's local back
	uploaded func() // tells the cache that no space will come of it any more
	stream   *stream
}

type entry struct {
	*job
	serial int
}

type version struct {
	key  object.Key
	etag string
}

// New starts a queue. Its multipart uploads are noted in the cache's journal.
func New(client *object.Client, c *cache.Cache, o Options) *Queue {
	o.Delay = cmp.Or(o.Delay, time.Second)
	o.Workers = cmp.Or(o.Workers, 32)
	o.Stall = cmp.Or(o.Stall, 300*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Policy == nil {
		o.Policy = func(object.Key) Class { return Output }
	}
	q := &Queue{
		client: client, cache: c, o: o, log: o.Log,
		jobs: map[object.Key]*job{}, sources: map[object.Key]int{}, places: map[version]object.Info{}, twins: map[*byte]*twin{}, rescued: map[version]*cache.Local{},
		moved: make(chan struct{}), last: time.Now(),
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	q.timer = time.AfterFunc(time.Hour, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.schedule()
	})
	return q
}

// Want replaces the wish for key. It returns at once.
func (q *Queue) Want(key object.Key, c Content) { q.WantAll(Wish{key, c}) }

// WantAll replaces several wishes as one: no work begins in between. Needed where a wish gives up the protection of
// a source that another one takes over, as when two names are exchanged.
func (q *Queue) WantAll(wishes ...Wish) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range wishes {
		j := q.replace(w.Key, w.Content)
		if j != nil {
			j.told = w.Content
		}
	}
	q.schedule()
}

// replace makes c the wish for key; nil when it is not to be uploaded. q.mu is held.
func (q *Queue) replace(key object.Key, c Content) *job {
	class := q.o.Policy(key)
	j := q.job(key)
	q.retract(j)
	if j.stream != nil && j.stream.local != c.local {
		q.dropStream(j)
	}
	if class == Keep && c.local == nil {
		class = Other
	}
	if class == Keep || q.closed {
		return nil
	}
	j.want, j.class, j.open = c, class, true
	q.join(j)
	q.opened[class]++
	if l := c.local; l != nil {
		l.Retain()
		j.release, j.uploaded = l.Close, l.Pending()
	} else if !c.gone {
		q.sources[c.source.Key]++
	}
	q.enqueue(j, time.Now().Add(q.o.Delay))
	return j
}

func (q *Queue) job(key object.Key) *job {
	j := q.jobs[key]
	if j == nil {
		j = &job{key: key}
		q.jobs[key] = j
	}
	return j
}

// retract drops the present wish, if any, and stops the work on it where that is safe. q.mu is held.
func (q *Queue) retract(j *job) {
	j.serial++
	q.fail(j, nil)
	j.tries, j.refuted = 0, 0
	if j.stop != nil {
		j.stop()
	}
	q.settle(j)
}

// settle ends a wish, true or not. q.mu is held.
func (q *Queue) settle(j *job) {
	if !j.open {
		return
	}
	j.open = false
	q.part(j)
	q.opened[j.class]--
	q.fail(j, nil)
	if j.release != nil {
		go j.release() // takes the cache's locks and may remove a file
		j.release = nil
	}
	if j.uploaded != nil {
		go j.uploaded()
		j.uploaded = nil
	}
	if src, ok := j.want.Source(); ok {
		if q.sources[src.Key]--; q.sources[src.Key] == 0 {
			delete(q.sources, src.Key)
		}
		q.unpark()
	}
	q.broadcast()
}

// fail gives a wish up for good, or takes that back where err is nil. q.mu is held.
func (q *Queue) fail(j *job, err error) {
	if j.err = err; j.failed != (err != nil) {
		j.failed = !j.failed
		q.failed += 2*b2i(j.failed) - 1
	}
}

func (q *Queue) broadcast() {
	close(q.moved)
	q.moved = make(chan struct{})
}

// Cancel drops the wish for key and what Grow began, because the file is open for writing again or was unlinked
// before anything of it could be in S3. It returns when no request for key runs any more that could change S3 later.
func (q *Queue) Cancel(ctx context.Context, key object.Key) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[key]
	if j == nil {
		return nil
	}
	q.retract(j)
	if j.stream != nil {
		q.dropStream(j)
	}
	for j.begun {
		moved := q.moved
		q.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			q.mu.Lock()
			return ctx.Err()
		}
		q.mu.Lock()
	}
	return nil
}

// Close stops the workers and aborts unfinished multipart uploads, within ctx.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.timer.Stop()
	for _, j := range q.jobs {
		q.retract(j)
		if j.stream != nil {
			q.dropStream(j)
		}
	}
	rescued := q.rescued
	q.rescued = map[version]*cache.Local{}
	q.mu.Unlock()
	q.cancel()
	defer func() {
		for _, l := range rescued {
			l.Close()
		}
	}()
	ended := make(chan struct{})
	go func() { q.work.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
