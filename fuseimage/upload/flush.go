package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Flush returns nil when every wish is true and verified, skipping the delay. With classes it waits for those
// only. It fails with all causes joined when wishes have failed for good, or nothing has moved for Options.Stall.
// Wishes of class Final are begun only after all others are true, and not at all when any failed.
func (q *Queue) Flush(ctx context.Context, classes ...Class) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hurried++
	defer func() { q.hurried-- }()
	q.last = time.Now()
	for _, j := range q.jobs {
		was := j.class
		if j.open && q.classify(j) && (j.tries > 0 || j.failed || j.class != was) { // permissions may have come; the policy may differ
			q.fail(j, nil)
			j.tries = 0
			q.enqueue(j, time.Now())
		}
	}
	q.schedule()
	for {
		if q.failed > 0 || q.left(classes) == 0 {
			if waiting, failed := q.unfinished(classes); len(waiting) == 0 {
				return errors.Join(failed...)
			}
		}
		moved := q.moved
		left := q.o.Stall - time.Since(q.last)
		if left <= 0 {
			waiting, failed := q.unfinished(classes)
			return errors.Join(append(failed, fmt.Errorf("no progress for %s with %d files left: %w", q.o.Stall, len(waiting), errors.Join(waiting...)))...)
		}
		q.mu.Unlock()
		timer := time.NewTimer(left)
		select {
		case <-moved:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		q.mu.Lock()
		if err := ctx.Err(); err != nil {
			waiting, failed := q.unfinished(classes)
			if len(waiting)+len(failed) == 0 {
				return nil
			}
			return errors.Join(append(failed, fmt.Errorf("stopped with %d files left: %w", len(waiting), errors.Join(append(waiting, err)...)))...)
		}
	}
}

// left counts the open wishes of the classes. q.mu is held.
func (q *Queue) left(classes []Class) (n int) {
	for class, open := range q.opened {
		if len(classes) == 0 || slices.Contains(classes, Class(class)) {
			n += open
		}
	}
	return n
}

// unfinished returns why wishes of the classes are not true yet, and why some never will. q.mu is held.
func (q *Queue) unfinished(classes []Class) (waiting, failed []error) {
	others := false
	copying := map[object.Key]bool{} // sources of copies that can still come true
	for _, j := range q.jobs {
		others = others || j.failed && j.class != Final
		if src, ok := j.want.Source(); ok && j.open && !j.failed {
			copying[src.Key] = true
		}
	}
	for _, j := range q.jobs {
		err := j.err
		if err == nil {
			err = fmt.Errorf("%s is not uploaded yet", j.key)
		}
		switch {
		case !j.open || len(classes) > 0 && !slices.Contains(classes, j.class):
		case j.failed:
			failed = append(failed, err)
		case !copying[j.key] && q.sources[j.key] > 0:
			failed = append(failed, fmt.Errorf("%s is held back because a copy of it failed", j.key))
		case j.class == Final && others:
			failed = append(failed, fmt.Errorf("%s is held back because others failed", j.key))
		default:
			waiting = append(waiting, err)
		}
	}
	return waiting, failed
}

func (q *Queue) progress() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = time.Now()
}

// A Report says how far the queue is.
type Report struct {
	Bytes   int64 // of objects that are stored and verified
	Objects int64 // stored and verified
	Copies  int64 // made by the server
	Deletes int64
	Pending int // wishes not true yet
	Failed  []Failure
}

// A Failure is a wish that did not come true so far, and the last reason.
type Failure struct {
	Key object.Key
	Err error // an *object.Error holds the request id
}

// Report returns a snapshot.
func (q *Queue) Report() Report {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.report
	for _, j := range q.jobs {
		if j.open {
			r.Pending++
			if j.err != nil {
				r.Failed = append(r.Failed, Failure{j.key, j.err})
			}
		}
	}
	return r
}

// count adds a wish that came true. q.mu is held.
func (q *Queue) count(t task, info object.Info) {
	switch {
	case t.want.gone:
		if t.want.remote || t.maybe {
			q.report.Deletes++
		}
	case t.want.local == nil || t.twin.ETag != "":
		q.report.Copies++
	default:
		q.report.Objects++
		q.report.Bytes += info.Size
	}
}
