// Command fusion is the runtime image's only binary. The name it is called by picks the program:
// fusion (the launcher of task containers), fuse-device-plugin, nvme-prep and fusion-node.
package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
)

// version is stamped by the linker (-X main.version=…).
var version = "devel"

// Streams are the standard streams of a program.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// A program is one of the names that this binary answers to. run gets the arguments after
// the name and returns the exit code.
type program struct {
	name string
	run  func(ctx context.Context, args []string, io Streams) int
}

// programs lists them; the first is what a binary under an unknown name is.
func programs() []program {
	return []program{
		{"fusion", launcher},
		{"fuse-device-plugin", devicePlugin},
		{"fusion-node", node},
		{"nvme-prep", nvmePrep},
	}
}

func main() {
	streams := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	os.Exit(run(context.Background(), os.Args, streams))
}

// run picks the program by argv[0]; `fusion` is also what a copy under any other name is.
func run(ctx context.Context, argv []string, streams Streams) int {
	all := programs()
	name := filepath.Base(argv[0])
	for _, p := range all {
		if p.name == name {
			return p.run(ctx, argv[1:], streams)
		}
	}
	return all[0].run(ctx, argv[1:], streams)
}
