package main

import (
	"errors"
	"flag"
	"fmt"
)

// parse reads the flags of a daemon, which takes no other arguments. done means: exit with code.
func parse(flags *flag.FlagSet, args []string, streams Streams) (code int, done bool) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, true
	case err != nil:
		return 1, true
	case flags.NArg() > 0:
		fmt.Fprintf(streams.Err, "%s: takes flags only, not %q\n", flags.Name(), flags.Arg(0))
		return 1, true
	}
	return 0, false
}
