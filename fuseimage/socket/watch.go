package socket

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A Watch tells of changes in one directory.
type Watch struct {
	Dir       string
	Every     time.Duration // how often to look, whatever inotify says
	NoInotify bool          // look only; what a node without free inotify instances has
}

// Start sends on the channel when something in the directory changed or may have, and at each interval. Sends
// that find an earlier one unread are dropped. The goroutine ends with ctx.
func (w Watch) Start(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go w.run(ctx, out)
	return out
}

func (w Watch) run(ctx context.Context, out chan<- struct{}) {
	tick := time.NewTicker(w.Every)
	defer tick.Stop()
	var events <-chan fsnotify.Event
	var failed <-chan error
	var watcher *fsnotify.Watcher
	if !w.NoInotify {
		if made, err := fsnotify.NewWatcher(); err == nil { // without instances left, looking must do
			watcher, events, failed = made, made.Events, made.Errors
			defer watcher.Close()
		}
	}
	for {
		if watcher != nil {
			_ = watcher.Add(w.Dir) // again each time: a directory that was made anew has no watch
		}
		select {
		case <-ctx.Done():
			return
		case <-events:
		case <-failed: // an overflow of the queue is a change too
		case <-tick.C:
		}
		select {
		case out <- struct{}{}:
		default:
		}
	}
}
