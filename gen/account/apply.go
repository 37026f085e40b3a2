package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// attempts bounds how often Apply plans anew when something else changes the account at the same time.
const attempts = 8

// Apply plans and makes the changes, and calls done after each. Where another apply was faster, it looks again and goes
// on. An error leaves what was done; the next Apply does the rest.
func (a *Account) Apply(ctx context.Context, ws *schema.Workspace, opts Options, done func(Change)) error {
	var last error
	for n := range attempts {
		changes, _, err := a.Plan(ctx, ws, opts)
		if err != nil {
			return err
		}
		if last = a.run(ctx, changes, done); !raced(last) {
			return last
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(n+1) * 200 * time.Millisecond): // IAM needs a moment to show what was made
		}
	}
	return fmt.Errorf("the account changes while it is being changed: %w", last)
}

func (a *Account) run(ctx context.Context, changes []Change, done func(Change)) error {
	for _, c := range changes {
		if err := c.call(ctx, a.iam); err != nil {
			return fmt.Errorf("could not %s: %w", c.What, explain(err))
		}
		done(c)
	}
	return nil
}

// raced says whether an error comes from somebody else's change at the same time.
func raced(err error) bool {
	return slices.Contains([]string{"EntityAlreadyExists", "ConcurrentModification", "NoSuchEntity"}, code(err))
}

// PlanDelete is what removes the workspace's roles: those that carry its tag, and of them what is ours. Policies that
// others put on a role stop it, for deleting them is not ours to do. The OIDC provider serves the whole cluster and stays.
func (a *Account) PlanDelete(ctx context.Context, ws *schema.Workspace) (changes []Change, notes []string, err error) {
	for _, want := range gen.Roles(ws) {
		have, err := a.role(ctx, want.Name)
		switch {
		case err != nil:
			return nil, nil, err
		case have == nil:
			continue
		case have.Tags[gen.OwnerTag] != gen.Owner(ws):
			notes = append(notes, fmt.Sprintf("the role %s is not marked as %s, and stays", want.Name, gen.Owner(ws)))
			continue
		}
		more, err := a.deleteRole(ctx, want.Name)
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, more...)
	}
	if ws.Identity.Provider == "irsa" && len(changes) > 0 {
		notes = append(notes, "the OIDC provider serves every workspace of the cluster, and stays")
	}
	return changes, notes, nil
}

func (a *Account) deleteRole(ctx context.Context, name string) ([]Change, error) {
	inline, err := a.inline(ctx, name)
	if err != nil {
		return nil, err
	}
	attached, err := a.attached(ctx, name)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, t := range inline {
		if t.Name != gen.PolicyName {
			attached = append(attached, t.Name)
			continue
		}
		changes = append(changes, Change{"delete the inline policy " + t.Name + " of the role " + name, diff(&t, nil), func(ctx context.Context, c *iam.Client) error {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String(t.Name)})
			return gone(err)
		}})
	}
	if len(attached) > 0 {
		return nil, &Wrong{fmt.Sprintf("the role %s has policies that are not ours (%s): take them off first, nothing was deleted", name, attached[0])}
	}
	return append(changes, Change{"delete the role " + name, nil, func(ctx context.Context, c *iam.Client) error {
		_, err := c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
		return gone(err)
	}}), nil
}

// gone forgives that somebody else has deleted it first.
func gone(err error) error {
	if code(err) == "NoSuchEntity" {
		return nil
	}
	return err
}

// Delete makes the changes of PlanDelete and calls done after each.
func (a *Account) Delete(ctx context.Context, ws *schema.Workspace, done func(Change)) error {
	changes, _, err := a.PlanDelete(ctx, ws)
	if err != nil {
		return err
	}
	return a.run(ctx, changes, done)
}
