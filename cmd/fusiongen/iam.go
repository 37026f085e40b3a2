package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

var iamCommand = command{
	name: "iam", args: "COMMAND", summary: "print, explain, check and apply the IAM roles",
	example: `fusiongen iam policy --for task spec.cue
fusiongen iam verify spec.cue`,
	sub: []command{iamPolicyCommand, iamTrustCommand, iamExportCommand, iamExplainCommand, iamVerifyCommand, iamPlanCommand, iamApplyCommand, iamDeleteCommand},
}

var iamPolicyCommand = command{
	name: "iam policy", args: "SPEC", summary: "print the permissions of the head or the tasks",
	example: `aws iam put-role-policy --role-name fusion-demo-task --policy-name fusiongen --policy-document "$(fusiongen iam policy --for task spec.cue)"`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		return c.document(fs, func(r gen.Role) (policy.Document, error) { return r.Permissions, nil })
	},
}

var iamTrustCommand = command{
	name: "iam trust", args: "SPEC", summary: "print who may take the role of the head or the tasks",
	example: `aws iam create-role --role-name fusion-demo-task --assume-role-policy-document "$(fusiongen iam trust --for task spec.cue)"`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		return c.document(fs, func(r gen.Role) (policy.Document, error) {
			if r.OwnPrincipal {
				return policy.Document{}, usageError{"the head runs on a workstation with the user's own principal, so there is no role to trust; its permissions are in iam policy --for head"}
			}
			return r.Trust, nil
		})
	},
}

var iamExportCommand = command{
	name: "iam export", args: "SPEC", summary: "print the roles for CloudFormation, Terraform, eksctl or ACK",
	example: `fusiongen iam export --form terraform spec.cue > iam.tf.json
fusiongen iam export --form ack spec.cue | kubectl apply -f -`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		env := fs.String("env", "", "the one `ENVIRONMENT` to print")
		form := fs.String("form", "", "the `FORM`: "+strings.Join(gen.ExportForms(), ", "))
		return func(ctx context.Context, args []string) error {
			if !slices.Contains(gen.ExportForms(), *form) {
				return usageError{fmt.Sprintf("--form is one of %s, not %q", strings.Join(gen.ExportForms(), ", "), *form)}
			}
			ws, err := c.workspace(args, *env)
			if err != nil {
				return err
			}
			data, err := gen.Export(ws, *form)
			if err != nil {
				return err
			}
			_, err = c.out.Write(data)
			return err
		}
	},
}

// document is a command that prints one policy of one role.
func (c *cli) document(fs *flag.FlagSet, pick func(gen.Role) (policy.Document, error)) func(context.Context, []string) error {
	env := fs.String("env", "", "the one `ENVIRONMENT` to print")
	who := fs.String("for", "", "whose: `head|task`; may be left out where both share a role")
	return func(ctx context.Context, args []string) error {
		ws, err := c.workspace(args, *env)
		if err != nil {
			return err
		}
		role, err := roleFor(ws, *who)
		if err != nil {
			return err
		}
		d, err := pick(role)
		if err != nil {
			return err
		}
		if err := gen.CheckSizes(ws); err != nil {
			return err
		}
		_, err = c.out.Write(policy.Marshal(d))
		return err
	}
}

// workspace loads the one environment of a spec that is meant.
func (c *cli) workspace(args []string, env string) (*schema.Workspace, error) {
	_, ws, err := c.load(args, env)
	if err != nil {
		return nil, err
	}
	if err := environment(ws, env); err != nil {
		return nil, err
	}
	for _, e := range ws.Environments {
		if e.Name == env {
			return e.Workspace, nil
		}
	}
	return ws, nil
}

func roleFor(ws *schema.Workspace, who string) (gen.Role, error) {
	all := gen.Roles(ws)
	if who != "" && who != "head" && who != "task" {
		return gen.Role{}, usageError{fmt.Sprintf("--for is head or task, not %q", who)}
	}
	if len(all) == 1 {
		return all[0], nil // one role for both
	}
	for _, r := range all {
		if r.Who == who {
			return r, nil
		}
	}
	return gen.Role{}, usageError{"head and tasks have a role each: pick one with --for head or --for task"}
}
