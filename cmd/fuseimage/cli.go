package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Exit codes.
const (
	done   = 0
	wrong  = 1 // the arguments are wrong
	failed = 2 // the job could not be done
)

// cli is one call of the program: the reference that it made goes to out, everything else to err.
type cli struct {
	out, err io.Writer
	getenv   func(string) string
	environ  []string
	version  string
}

type command struct {
	name, args, summary, example string
	setup                        func(c *cli, fs *flag.FlagSet) func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{buildCommand, pushCommand, waveCommand, augmentCommand}
}

// usageError is a call that cannot be understood.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func (c *cli) run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		c.help(c.out)
		return done
	}
	if args[0] == "version" {
		fmt.Fprintln(c.out, "fuseimage", c.version)
		return done
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return c.code(ctx, c.call(ctx, cmd, args[1:]))
		}
	}
	return c.code(ctx, usageError{fmt.Sprintf("there is no command %q; see fuseimage help", args[0])})
}

func (c *cli) call(ctx context.Context, cmd command, args []string) error {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	run := cmd.setup(c, fs)
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(c.out, "usage: fuseimage %s [flags] %s\n\n%s\n\n", cmd.name, cmd.args, cmd.summary)
		fs.SetOutput(c.out)
		fs.PrintDefaults()
		fmt.Fprintf(c.out, "\nexample: %s\n", cmd.example)
		return nil
	}
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v; see fuseimage %s -h", cmd.name, err, cmd.name)}
	}
	return run(ctx, fs.Args())
}

func (c *cli) code(ctx context.Context, err error) int {
	var usage usageError
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(c.err, "fuseimage: interrupted")
		return failed
	case err == nil:
		return done
	case errors.As(err, &usage):
		fmt.Fprintln(c.err, "fuseimage:", err)
		return wrong
	}
	fmt.Fprintln(c.err, "fuseimage:", err)
	return failed
}

func (c *cli) help(w io.Writer) {
	fmt.Fprint(w, "fuseimage builds the runtime's image without a container engine.\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %-34s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.summary)
	}
	fmt.Fprint(w, "\nThe flags of a command: fuseimage COMMAND -h\n")
}
