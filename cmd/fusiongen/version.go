package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
)

var versionCommand = command{
	name: "version", summary: "print the version", example: "fusiongen version",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		return func(context.Context, []string) error {
			_, err := fmt.Fprintf(c.out, "fusiongen %s %s/%s %s\n", c.version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			return err
		}
	},
}
