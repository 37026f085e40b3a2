package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/gen/account"
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
	name, args, summary, example string // name is whole: "build", "iam plan"
	setup                        func(c *cli, fs *flag.FlagSet) func(ctx context.Context, args []string) error
	sub                          []command // verbs of a group, which has no setup
}

// commands in the order that help shows them.
func commands() []command {
	return []command{buildCommand, lintCommand, explainCommand, applyCommand, iamCommand, initCommand, fmtCommand, versionCommand, completionCommand, helpCommand}
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
	cmd, rest, err := find(c.commands, args)
	if err != nil {
		return c.code(ctx, err)
	}
	return c.code(ctx, c.call(ctx, cmd, rest))
}

// find is the command that the first arguments name, and the arguments after them. A group alone is found too.
func find(commands []command, args []string) (command, []string, error) {
	group, rest := command{sub: commands}, args
	for len(rest) > 0 && len(group.sub) > 0 && !strings.HasPrefix(rest[0], "-") {
		name := strings.TrimSpace(group.name + " " + rest[0])
		i := slices.IndexFunc(group.sub, func(cmd command) bool { return cmd.name == name })
		if i < 0 {
			return group, rest, unknown(group, name)
		}
		group, rest = group.sub[i], rest[1:]
	}
	return group, rest, nil
}

func unknown(group command, name string) error {
	var names []string
	for _, cmd := range group.sub {
		names = append(names, cmd.name)
	}
	hint := "the commands are " + strings.Join(names, ", ")
	if meant := schema.Suggest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	return usageError{fmt.Sprintf("there is no command %q; %s", name, hint)}
}

func (c *cli) call(ctx context.Context, cmd command, args []string) error {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if cmd.setup == nil {
		c.usage(cmd, fs)
		if len(args) == 0 {
			return usageError{cmd.name + " needs one of these commands"}
		}
		return nil
	}
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
	var undecided *account.Wrong
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
	case errors.As(err, &conflict), errors.As(err, &usage), errors.As(err, &found), errors.As(err, &undecided):
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
