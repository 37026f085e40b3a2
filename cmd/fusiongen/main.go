// Command fusiongen turns one workspace spec into everything that Nextflow needs on Amazon EKS.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version and image are stamped into releases by linker flags.
var version, image = "devel", ""

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of the write, with our exit code
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, version: version, image: image, name: os.Args[0], commands: commands()}
	os.Exit(c.run(ctx, os.Args[1:]))
}
