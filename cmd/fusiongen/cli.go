package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// Exit codes, the same for every command.
const (
	done   = 0
	wrong  = 1 // the input is wrong, or drifted
	failed = 2 // the job could not be done
)

// cli is one call of the program: data goes to out, everything else to err.
type cli struct {
	in       io.Reader
	out, err io.Writer
	version  string
	image    string // runtime image with digest that a release was built with
	name     string // argv[0]: as kubectl-fusiongen it is a kubectl plugin
	commands []command
}

// command is one verb. Its flags are declared on fs; run gets what is left of the arguments.
type command struct {
	name, args, summary, example string
	setup                        func(c *cli, fs *flag.FlagSet) func(ctx context.Context, args []string) error
}

// commands in the order that help shows them.
func commands() []command {
	return []command{buildCommand, lintCommand, explainCommand, applyCommand, initCommand, fmtCommand, versionCommand, completionCommand, helpCommand}
}

// usageError is a call that cannot be understood.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// drift is something that is not as it should be; the text, a diff or names, is data.
type drift struct{ text, why string }

func (e drift) Error() string { return e.why }

// run dispatches one call and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		args = []string{"help"}
	}
	for _, cmd := range c.commands {
		if cmd.name == args[0] {
			return c.code(ctx, c.call(ctx, cmd, args[1:]))
		}
	}
	var names []string
	for _, cmd := range c.commands {
		names = append(names, cmd.name)
	}
	hint := "the commands are " + strings.Join(names, ", ")
	if meant := schema.Suggest(args[0], names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	return c.code(ctx, usageError{fmt.Sprintf("there is no command %q; %s", args[0], hint)})
}

func (c *cli) call(ctx context.Context, cmd command, args []string) error {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	run := cmd.setup(c, fs)
	rest, err := interspersed(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		c.usage(cmd, fs)
		return nil
	}
	if err != nil {
		return usageError{fmt.Sprintf("%s: %v; see %s help %s", cmd.name, err, c.program(), cmd.name)}
	}
	return run(ctx, rest)
}

// interspersed parses flags before, between and after the other arguments; "--" ends them, and "-" is an argument.
func interspersed(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		left := fs.Args()
		if consumed := len(args) - len(left); consumed > 0 && args[consumed-1] == "--" {
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			return rest, nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// code prints an error where people see it, and says what it means for the caller.
func (c *cli) code(ctx context.Context, err error) int {
	var diagnostics schema.Diagnostics
	var conflict *gen.Conflict
	var changed drift
	var usage usageError
	var found findings
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(c.err, "fusiongen: interrupted")
		return failed
	case err == nil:
		return done
	case errors.Is(err, syscall.EPIPE):
		return failed // the reader went away; it has seen what it wanted
	case errors.As(err, &diagnostics):
		fmt.Fprintln(c.err, diagnostics.Error())
		return wrong
	case errors.As(err, &changed):
		fmt.Fprint(c.out, changed.text)
		fmt.Fprintln(c.err, "fusiongen:", err)
		return wrong
	case errors.As(err, &conflict), errors.As(err, &usage), errors.As(err, &found):
		fmt.Fprintln(c.err, "fusiongen:", err)
		return wrong
	}
	fmt.Fprintln(c.err, "fusiongen:", err)
	return failed
}

// note tells the person something that is no data.
func (c *cli) note(text string) { fmt.Fprintln(c.err, "fusiongen: note:", text) }

// program is what the user typed to get here.
func (c *cli) program() string {
	if c.plugin() {
		return "kubectl fusiongen"
	}
	return "fusiongen"
}

func (c *cli) plugin() bool { return strings.HasPrefix(filepath.Base(c.name), "kubectl-") }
