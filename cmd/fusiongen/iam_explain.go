package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

var iamExplainCommand = command{
	name: "iam explain", args: "SPEC [ACTION|CALL]", summary: "say which call needs which action, and what grants it",
	example: `fusiongen iam explain spec.cue
fusiongen iam explain spec.cue s3:PutObjectTagging
fusiongen iam explain spec.cue CopyObject`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		env := fs.String("env", "", "the one `ENVIRONMENT` to explain")
		return func(ctx context.Context, args []string) error {
			only := ""
			if len(args) == 2 {
				args, only = args[:1], args[1]
			}
			ws, err := c.workspace(args, *env)
			if err != nil {
				return err
			}
			rows, err := explain(ws, only)
			if err != nil {
				return err
			}
			return c.table(rows, only != "")
		}
	},
}

// explained is one need with the statement that grants it.
type explained struct {
	gen.Need
	role, sid string
}

// explain lists the needs of all roles, or those of one action or call.
func explain(ws *schema.Workspace, only string) ([]explained, error) {
	var out []explained
	var names []string
	for _, role := range gen.Roles(ws) {
		for _, n := range gen.Needs(ws, role.Who) {
			for _, name := range []string{n.Action, n.Call} {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
			if only != "" && !strings.EqualFold(only, n.Action) && !strings.EqualFold(only, n.Call) && !slices.Contains(facts.MeantAction("s3:"+only), n.Action) {
				continue
			}
			decision := policy.Evaluate(n.Requests[0], role.Permissions)
			out = append(out, explained{n, role.Name, role.Permissions.Statements[decision.Statement].Sid})
		}
	}
	if only != "" && len(out) == 0 {
		hint := "iam explain without a name lists all"
		if meant := schema.Suggest(only, names); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		return nil, usageError{fmt.Sprintf("no part of a run calls %q or needs it; %s", only, hint)}
	}
	return out, nil
}

// table prints needs as a table, and in full where one action or call was asked for.
func (c *cli) table(rows []explained, full bool) error {
	w := tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "WHO\tCALL\tNEEDS\tON\tGRANTED BY\tWHY")
	for _, r := range rows {
		on := r.Resource
		if r.Prefixes != nil {
			on += " for " + strings.Join(r.Prefixes, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s %s\t%s\n", r.Who, r.Call, r.Action, on, r.role, r.sid, r.Why)
	}
	if err := w.Flush(); err != nil || !full {
		return err
	}
	for i, r := range rows {
		if i > 0 && r.Without == rows[i-1].Without && r.Who == rows[i-1].Who {
			continue
		}
		if _, err := fmt.Fprintf(c.out, "without it (%s, %s): %s; source: %s\n", r.Who, r.Where, r.Without, r.Source); err != nil {
			return err
		}
	}
	return nil
}
