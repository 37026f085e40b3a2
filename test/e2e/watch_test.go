package e2e_test

import (
	"context"
	"sync"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// watcher lists the work bucket all the time and notes at which listing each key appeared.
type watcher struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	before map[string]int64
	first  map[string]int // number of the listing
}

func watchBucket(ctx context.Context, ws *e2e.Workspace) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{cancel: cancel, first: map[string]int{}}
	w.before, _ = ws.World.Store.Keys(ctx, ws.Bucket, "work/")
	w.done.Go(func() {
		for n := 0; ; n++ {
			last := ctx.Err() != nil
			keys, err := ws.World.Store.Keys(context.WithoutCancel(ctx), ws.Bucket, "work/")
			if err == nil {
				w.note(n, keys)
			}
			if last && err == nil {
				return
			}
			time.Sleep(150 * time.Millisecond)
		}
	})
	return w
}

func (w *watcher) note(n int, keys map[string]int64) {
	for key := range keys {
		if _, old := w.before[key]; old {
			continue
		}
		if _, ok := w.first[key]; !ok {
			w.first[key] = n
		}
	}
}

// stop takes a last listing and returns what appeared since the start.
func (w *watcher) stop() map[string]int {
	w.cancel()
	w.done.Wait()
	return w.first
}
