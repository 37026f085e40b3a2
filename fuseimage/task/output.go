package task

import (
	"io"
	"os"
	"sync"
)

// A tee passes what the workload writes to its standard output and error on to ours, and adds both, in the order
// in which they come, to a log.
type tee struct {
	ends   []*os.File // the workload's
	copies sync.WaitGroup

	mu  sync.Mutex
	log io.Writer // guarded by mu; nil after an error, which must not stop the workload
	err error     // guarded by mu
}

// newTee makes one pipe for each of to. The workload gets ends as its descriptors.
func newTee(log io.Writer, to ...*os.File) (*tee, error) {
	t := &tee{log: log}
	for _, file := range to {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		t.ends = append(t.ends, w)
		t.copies.Go(func() { t.copy(r, file) })
	}
	return t, nil
}

// wait closes the workload's ends and returns when all that was written to them is passed on. The error is the
// log's.
func (t *tee) wait() error {
	for _, end := range t.ends {
		end.Close()
	}
	t.copies.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *tee) copy(from, to *os.File) {
	defer from.Close()
	buffer := make([]byte, 64<<10) // a pipe's capacity, pipe(7)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			_, _ = to.Write(buffer[:n]) // a reader that went away must not stop the workload
			t.add(buffer[:n])
		}
		if err != nil {
			return
		}
	}
}

func (t *tee) add(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.log == nil {
		return
	}
	if _, err := t.log.Write(p); err != nil {
		t.log, t.err = nil, err
	}
}
