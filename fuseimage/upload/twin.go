package upload

import "github.com/fusiongen/fusiongen/fuseimage/object"

// twin is one Stored content that open wishes for one or more keys have in common: the first key in line is uploaded,
// and the others, as soon as that is done, are copies of it. Guarded by Queue.mu.
type twin struct {
	open int         // wishes
	busy bool        // one of them is being uploaded: the others wait in Queue.parked
	at   object.Info // where the bytes are in S3, ETag "" for nowhere yet
}

// join counts the open wish of j.
func (q *Queue) join(j *job) {
	if j.want.id == nil {
		return
	}
	w := q.twins[j.want.id]
	if w == nil {
		w = &twin{}
		q.twins[j.want.id] = w
	}
	w.open++
}

// part takes back what join did.
func (q *Queue) part(j *job) {
	if w := q.twins[j.want.id]; w != nil {
		if w.open--; w.open == 0 {
			delete(q.twins, j.want.id)
		}
	}
}

// waitsForTwin reports whether the content of a wish is being uploaded under another key.
func (q *Queue) waitsForTwin(c Content) bool {
	w := q.twins[c.id]
	return w != nil && w.busy
}

// occupy makes the others wait for t, which is about to begin, or tells it what to copy.
func (q *Queue) occupy(t *task) {
	w := q.twins[t.want.id]
	switch {
	case w == nil:
	case w.at.ETag != "":
		t.twin = w.at
	default:
		w.busy = true
	}
}

// vacate lets the others go on; info is what t stored, if it did.
func (q *Queue) vacate(t task, info object.Info) {
	if w := q.twins[t.want.id]; w != nil && t.twin.ETag == "" {
		w.busy, w.at = false, info
		q.unpark()
	}
}
