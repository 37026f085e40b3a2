package upload

import (
	"context"
	"slices"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// enqueue puts the wish of j into its line. q.mu is held.
func (q *Queue) enqueue(j *job, due time.Time) {
	j.due = due
	q.lines[j.class] = append(q.lines[j.class], entry{j, j.serial})
}

// unpark lets the parked try again. q.mu is held.
func (q *Queue) unpark() {
	for _, e := range q.parked {
		if e.live() {
			q.lines[e.class] = append(q.lines[e.class], e)
		}
	}
	q.parked = nil
}

// live tells that the entry is about the job's present wish, which is neither true nor given up.
func (e entry) live() bool { return e.open && e.serial == e.job.serial && !e.failed }

// schedule begins what may begin, and sets the timer for the next. q.mu is held.
func (q *Queue) schedule() {
	if q.closed {
		return
	}
	next := time.Duration(-1)
	for q.running < q.o.Workers {
		e, wait, ok := q.next()
		if !ok {
			next = wait
			break
		}
		q.begin(e.job)
	}
	if next >= 0 {
		q.timer.Reset(next)
	}
	if q.running == 0 && next < 0 && len(q.parked) > 0 {
		q.breakCycle()
	}
}

// next takes the first wish that may begin; else wait is how long until one may, or negative.
func (q *Queue) next() (_ entry, wait time.Duration, ok bool) {
	now := time.Now()
	wait = -1
	for class := range q.lines {
		if Class(class) == Final && q.opened[Control]+q.opened[Output]+q.opened[Other] > 0 {
			break
		}
		line := q.lines[class]
		for i := 0; i < len(line); i++ {
			e := line[i]
			hurried := q.hurried > 0 && e.tries == 0
			if e.live() && !e.begun && e.due.After(now) && !hurried {
				if left := e.due.Sub(now); wait < 0 || left < wait {
					wait = left
				}
				if e.tries == 0 {
					break // all that follow came later, or are repetitions that a timer will find
				}
				continue
			}
			line = slices.Delete(line, i, i+1)
			i--
			if !e.live() || e.begun { // finish puts what is begun back
				continue
			}
			if !q.classify(e.job) || int(e.class) != class {
				q.lines[class] = line
				if e.live() {
					q.enqueue(e.job, e.due)
				}
				return q.next()
			}
			if own, ok := e.want.Source(); q.sources[e.key] > b2i(ok && own.Key == e.key) || q.waitsForTwin(e.want) {
				q.parked = append(q.parked, e)
				continue
			}
			q.lines[class] = line
			return e, 0, true
		}
		q.lines[class] = line
	}
	return entry{}, wait, false
}

// begin starts a worker on the present wish of j. q.mu is held.
func (q *Queue) begin(j *job) {
	base := object.WithPriority(q.ctx, j.class.priority())
	ctx, stop := context.WithCancel(base)
	t := task{ctx: base, key: j.key, want: j.want, class: j.class, serial: j.serial, tries: j.tries, told: j.told, stream: j.stream, maybe: j.maybe, holds: j.holds, release: func() {}}
	if t.want.local != nil {
		t.want.local.Retain()
		t.release = t.want.local.Close
	}
	q.occupy(&t)
	j.maybe, j.holds = j.maybe || !t.want.gone, ""
	j.stream, j.begun, j.stop = nil, true, stop
	q.running++
	q.work.Go(func() {
		defer stop()
		info, err := q.perform(ctx, &t)
		t.release()
		q.finish(j, t, info, err)
	})
}

// breakCycle turns one of copies that wait for one another in a circle into an upload of the source's bytes.
func (q *Queue) breakCycle() {
	for _, e := range q.parked {
		src, ok := e.want.Source()
		if !ok || !e.live() {
			continue
		}
		q.running++
		j, serial := e.job, e.serial
		q.work.Go(func() {
			l, err := q.download(src)
			if err == nil {
				defer l.Close()
			}
			q.mu.Lock()
			defer q.mu.Unlock()
			q.running--
			switch current := j.serial == serial && j.open; {
			case current && err == nil:
				q.rescued[version{src.Key, src.ETag}] = l.Retain()
				q.replace(j.key, Stored(l, src.Metadata)) // j.told stays
			case current:
				q.fail(j, err)
				q.broadcast()
			}
			q.schedule()
		})
		return
	}
}

// download fetches a version into a local file.
func (q *Queue) download(info object.Info) (*cache.Local, error) {
	o, err := q.cache.Object(info)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	l, err := q.cache.Local()
	if err != nil {
		return nil, err
	}
	if err := l.Adopt(q.ctx, o); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
