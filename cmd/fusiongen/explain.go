package main

import (
	"context"
	"flag"
	"fmt"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

var explainCommand = command{
	name: "explain", args: "[RULE…]", summary: "print the page of a rule; without a rule, list them",
	example: "fusiongen explain FG203\nfusiongen explain trust-region\nfusiongen explain --all",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		all := fs.Bool("all", false, "print the pages of all rules")
		return func(ctx context.Context, args []string) error { return c.explain(args, *all) }
	},
}

func (c *cli) explain(args []string, all bool) error {
	known := slices.Concat(rules.All(), rules.Live())
	switch {
	case all:
		return c.pages(known)
	case len(args) == 0:
		for _, r := range known {
			if _, err := fmt.Fprintf(c.out, "%s  %-7s  %-26s %s\n", r.ID, r.Severity, r.Slug, r.Summary); err != nil {
				return err
			}
		}
		return nil
	}
	var asked []lint.Rule
	for _, name := range args {
		before := len(asked)
		for _, r := range known {
			if lint.Matches(name, r.ID, r.Slug) {
				asked = append(asked, r)
			}
		}
		if len(asked) == before {
			return usageError{fmt.Sprintf("there is no rule %q%s", name, meantRule(name, known))}
		}
	}
	return c.pages(asked)
}

func (c *cli) pages(list []lint.Rule) error {
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		if _, err := fmt.Fprint(c.out, r.Page()); err != nil {
			return err
		}
	}
	return nil
}

func meantRule(name string, known []lint.Rule) string {
	var names []string
	for _, r := range known {
		names = append(names, r.ID, r.Slug)
	}
	if meant := schema.Suggest(name, names); meant != "" {
		return fmt.Sprintf("; did you mean %q?", meant)
	}
	return "; fusiongen explain lists them"
}
