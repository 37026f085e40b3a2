package object

import (
	"context"
	"sync/atomic"
)

// A Priority orders requests that wait for admission; the lowest value goes first.
type Priority int32

// The priorities. Control is for the small files by which a task is followed, Demand for a process that waits,
// Output for results, Speculative for work that may turn out to be needless.
const (
	Control Priority = iota
	Demand
	Output
	Speculative
)

type priorityKey struct{}

// WithPriority gives requests made with the returned context the priority p. Without it a request is Demand.
func WithPriority(ctx context.Context, p Priority) context.Context {
	ctx, _ = WithRaisable(ctx, p)
	return ctx
}

// WithRaisable is WithPriority with a function that raises the priority of requests that already wait.
func WithRaisable(ctx context.Context, p Priority) (_ context.Context, raise func(Priority)) {
	v := new(atomic.Int32)
	v.Store(int32(p))
	raise = func(to Priority) {
		for old := v.Load(); int32(to) < old && !v.CompareAndSwap(old, int32(to)); old = v.Load() {
		}
	}
	return context.WithValue(ctx, priorityKey{}, v), raise
}

// priority reads the present priority of a request.
func priority(ctx context.Context) Priority {
	if v, ok := ctx.Value(priorityKey{}).(*atomic.Int32); ok {
		return Priority(v.Load())
	}
	return Demand
}
