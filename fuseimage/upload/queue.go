// Package upload makes S3 hold what the task left.
//
// The queue holds, for each key, what should be there; the newest wish wins, and workers make it so. A wish that was
// replaced before it was begun costs no request.
//
// Lock order: Queue.mu is the only lock, never held across the network or a file read.
package upload

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

var errUnwritten = errors.New("not written yet")

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

// Content is what should be under a key: made by Stored, Copied or Gone.
type Content struct {
	local  *cache.Local
	source object.Info
	gone   bool
	remote bool
	meta   map[string]string
}

// Stored wishes the present bytes of l, from now until the wish is true, replaced or cancelled: the caller must not
// let them change meanwhile, except by appending. The queue takes its own reference.
func Stored(l *cache.Local, metadata map[string]string) Content {
	return Content{local: l, meta: metadata}
}

// Copied wishes a server-side copy of info, which the queue protects until the copy is verified: wishes that would
// replace or delete info's key wait.
func Copied(info object.Info) Content { return Content{source: info} }

// Gone wishes that nothing is there. remote says whether something can be there that this queue did not put;
// if not, and the queue never began to put it, no request is made.
func Gone(remote bool) Content { return Content{gone: true, remote: remote} }

// Options of a Queue; the zero value is usable.
type Options struct {
	Tags    Tags                       // see ParseTags
	Policy  func(key object.Key) Class // default: Output for all. Keep applies to Stored content only
	Delay   time.Duration              // a new wish is not begun before, so that a replacing one saves it; default 1s
	Workers int                        // keys in work at the same time, default 32
	Stall   time.Duration              // Flush gives up after so long without progress, default 300s
	Log     *slog.Logger               // default slog.DiscardHandler

	// Done, when not nil, is called once for each wish that came true, outside of any lock, with what S3 now holds
	// (zero Info after Gone). The wish may have been replaced meanwhile.
	Done func(key object.Key, c Content, info object.Info)
}

// Local returns the file of a Stored content, else nil.
func (c Content) Local() *cache.Local { return c.local }

// Source returns the version that Copied content is made of, else ok is false.
func (c Content) Source() (info object.Info, ok bool) {
	return c.source, c.local == nil && !c.gone
}

// A Queue is safe for concurrent use.
type Queue struct{}

// New starts a queue. Its multipart uploads are noted in the cache's journal.
func New(client *object.Client, c *cache.Cache, o Options) *Queue { return nil }

// Want replaces the wish for key. It returns at once.
func (q *Queue) Want(key object.Key, c Content) {}

// Grow is a hint that l, to be wanted under key later, is being written from start to end and has size bytes now:
// parts behind the end are uploaded already. They are verified again when the wish comes.
func (q *Queue) Grow(key object.Key, l *cache.Local, size int64) {}

// Cancel drops the wish for key and what Grow began, because the file is open for writing again or was unlinked
// before anything of it could be in S3. It returns when no request for key runs any more that could change S3 later.
func (q *Queue) Cancel(ctx context.Context, key object.Key) error { return errUnwritten }

// Flush returns nil when every wish is true and verified, skipping the delay. With classes it waits for those
// only. It fails with all causes joined when wishes have failed for good, or nothing has moved for Options.Stall.
// Wishes of class Final are begun only after all others are true, and not at all when any failed.
func (q *Queue) Flush(ctx context.Context, classes ...Class) error { return errUnwritten }

// Close stops the workers and aborts unfinished multipart uploads, within ctx.
func (q *Queue) Close(ctx context.Context) error { return errUnwritten }

// A Report says how far the queue is.
type Report struct {
	Bytes   int64 // of objects that are stored and verified
	Objects int64 // stored and verified
	Copies  int64 // made by the server
	Deletes int64
	Pending int // wishes not true yet
	Failed  []Failure
}

// A Failure is a wish that will not come true.
type Failure struct {
	Key object.Key
	Err error // an *object.Error holds the request id
}

// Report returns a snapshot.
func (q *Queue) Report() Report { return Report{} }
