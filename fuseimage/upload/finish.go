package upload

import (
	"errors"
	"fmt"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// finish notes the outcome of a worker and begins what it held up. Until Done has returned the wish counts as not true
// and a copy's source stays protected, so that the caller knows of the new version before the old one is gone.
func (q *Queue) finish(j *job, t task, info object.Info, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		q.came(j, t, info)
	}
	q.vacate(t, info)
	q.running--
	j.begun, j.stop = false, nil
	current := j.open && j.serial == t.serial
	switch {
	case current && err == nil:
		q.settle(j)
	case current && q.ctx.Err() == nil:
		j.tries++
		giveUp := hopeless(err)
		if errors.Is(err, object.ErrCorrupt) {
			if j.refuted++; j.refuted >= attempts {
				giveUp, err = true, fmt.Errorf("%w (given up after %d whole attempts)", err, j.refuted)
			}
		}
		j.err = err
		if giveUp {
			q.fail(j, err)
			q.log.Error("cannot bring a file to S3", "key", t.key.String(), "err", err)
			if j.uploaded != nil {
				go j.uploaded() // no writer should wait for its space
				j.uploaded = nil
			}
		} else {
			q.log.Warn("a file is not in S3 yet", "key", t.key.String(), "try", j.tries, "err", err)
			q.enqueue(j, time.Now().Add(min(30*time.Second, q.o.Stall/4, time.Second<<min(j.tries, 10))))
		}
	case j.open:
		q.enqueue(j, j.due)
	}
	if !j.open && !j.maybe && j.stream == nil && q.jobs[j.key] == j {
		delete(q.jobs, j.key)
	}
	q.broadcast()
	q.schedule()
}

// came gives the wish's file back and tells the caller. q.mu is held, but not meanwhile.
func (q *Queue) came(j *job, t task, info object.Info) {
	q.last = time.Now()
	q.count(t, info)
	if src, ok := t.told.Source(); ok && src.Key != t.key {
		q.places[version{src.Key, src.ETag}] = info
	}
	j.holds = info.ETag
	if t.want.gone {
		j.maybe = false
	}
	release := func() {}
	if j.serial == t.serial && j.release != nil {
		release, j.release = j.release, nil
	}
	q.mu.Unlock()
	defer q.mu.Lock()
	release()
	if q.o.Done != nil {
		q.o.Done(t.key, t.told, info)
	}
}

// classify asks the policy again; false when the wish is dropped. q.mu is held.
func (q *Queue) classify(j *job) bool {
	class := q.o.Policy(j.key)
	if class == Keep {
		if j.want.local != nil {
			q.retract(j)
			return false
		}
		class = Other
	}
	if class != j.class {
		q.opened[j.class]--
		q.opened[class]++
		j.class = class
	}
	return true
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
