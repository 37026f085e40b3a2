// Command fuseimage builds the runtime's OCI image, and brings it to where it is used: registries, Wave, images of others.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is stamped by the linker (-X main.version=…).
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := cli{out: os.Stdout, err: os.Stderr, getenv: os.Getenv, environ: os.Environ(), version: version}
	os.Exit(c.run(ctx, os.Args[1:]))
}
