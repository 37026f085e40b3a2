package server

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// followEvery is how often a file that grows is uploaded again, so that it can be followed while the task runs.
const followEvery = 10 * time.Second

// lastWords is how much of a log has its place on the disk from the start, bytes: a task that has filled the disk says so.
const lastWords = 64 << 10

// Append makes a new file in the task's directory for the launcher itself. It goes to the queue directly and not
// through the mount: a process that waits for its own file system cannot be killed.
func (s *Server) Append(dir control.Key, file string) (io.WriteCloser, error) {
	local, err := s.cache.Local()
	if err != nil {
		return nil, err
	}
	local.Reserve(lastWords)
	return &appender{queue: s.queue, key: name(dir, file), local: local, wanted: time.Now()}, nil
}

type appender struct {
	queue *upload.Queue
	key   object.Key
	local *cache.Local

	mu     sync.Mutex
	size   int64     // guarded by mu
	wanted time.Time // when the queue was last told; guarded by mu
	closed bool      // guarded by mu
}

func (a *appender) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return len(p), nil // a log goes on a little after its last upload has begun
	}
	n, err := a.local.WriteAt(context.Background(), p, a.size)
	a.size += int64(n)
	if time.Since(a.wanted) > followEvery {
		a.want()
	}
	return n, err
}

// Close gives the file its last content. Nothing is written afterwards.
func (a *appender) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	a.want()
	a.local.Close()
	return nil
}

func (a *appender) want() {
	a.wanted = time.Now()
	a.queue.Want(a.key, upload.Stored(a.local, nil))
}
