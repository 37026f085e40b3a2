package main

import (
	"context"

	"github.com/fusiongen/fusiongen/fuseimage/task"
)

// launcher runs a task on a mount; see package task.
func launcher(ctx context.Context, args []string, streams Streams) int {
	trustOwn()
	return task.Program{Version: version, Out: streams.Out, Err: streams.Err}.Main(ctx, args)
}
