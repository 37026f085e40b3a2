package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
)

var helpCommand = command{
	name: "help", args: "[COMMAND]", summary: "say how a command is used", example: "fusiongen help build",
	setup: help,
}

func help(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		if len(args) == 0 {
			c.overview()
			return nil
		}
		cmd, _, err := find(c.commands, args)
		if err != nil {
			return err
		}
		flags := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
		if cmd.setup != nil {
			cmd.setup(c, flags)
		}
		c.usage(cmd, flags)
		return nil
	}
}

func (c *cli) overview() {
	fmt.Fprintf(c.out, "%s: one spec for Nextflow with S3 on Amazon EKS\n\n", c.program())
	for _, cmd := range c.commands {
		fmt.Fprintf(c.out, "  %-12s%s\n", cmd.name, cmd.summary)
	}
	fmt.Fprintf(c.out, "\nSPEC is a .cue, .yaml or .json file, or - for standard input.\nExit codes: 0 done, 1 the input is wrong or drifted, 2 could not do the job.\n\n  %s help COMMAND\n  %s init > spec.cue\n  %s build spec.cue | kubectl apply -f -\n", c.program(), c.program(), c.program())
}

func (c *cli) usage(cmd command, fs *flag.FlagSet) {
	fmt.Fprintf(c.out, "%s %s %s: %s\n", c.program(), cmd.name, cmd.args, cmd.summary)
	for i, sub := range cmd.sub {
		if i == 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintf(c.out, "  %-14s%s\n", sub.name, sub.summary)
	}
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprintln(c.out)
			first = false
		}
		kind, text := flag.UnquoteUsage(f)
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		fmt.Fprintf(c.out, "  %-22s%s\n", strings.TrimSpace(dashes+f.Name+" "+kind), text)
	})
	if cmd.example != "" {
		fmt.Fprintln(c.out, "\n"+indent(cmd.example))
	}
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }
