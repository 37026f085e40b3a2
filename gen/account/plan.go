package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// ClusterTag marks the OIDC provider that we made; its value is REGION/CLUSTER, for all workspaces share it.
const ClusterTag = "fusiongen:cluster"

// Change is one call that a plan wants to make.
type Change struct {
	What   string   // "create the role demo-head"
	Detail []string // what it adds (+) and takes away (-)
	call   func(context.Context, *iam.Client) error
}

// Options say how far a plan may go.
type Options struct {
	Adopt bool // take over roles that have no tag of ours, or another workspace's
}

// Plan is the smallest set of calls, in their order, that makes the account what the workspace says. Notes are what it
// leaves alone and the user should know.
func (a *Account) Plan(ctx context.Context, ws *schema.Workspace, opts Options) (changes []Change, notes []string, err error) {
	if ws.Identity.Provider == "irsa" {
		if changes, err = a.planProvider(ctx, ws); err != nil {
			return nil, nil, err
		}
	}
	for _, want := range gen.Roles(ws) {
		if want.OwnPrincipal {
			notes = append(notes, "the head runs with your own principal: give that the permissions of fusiongen iam policy --for head")
			continue
		}
		more, said, err := a.planRole(ctx, ws, want, opts)
		if err != nil {
			return nil, nil, err
		}
		changes, notes = append(changes, more...), append(notes, said...)
	}
	return changes, notes, nil
}

func (a *Account) planProvider(ctx context.Context, ws *schema.Workspace) ([]Change, error) {
	have, err := a.provider(ctx, ws)
	if err != nil {
		return nil, err
	}
	audience := audience(ws)
	switch {
	case have == nil:
		return []Change{{"create the OIDC provider " + ws.Cluster.Issuer, []string{"+ audience " + audience}, func(ctx context.Context, c *iam.Client) error {
			_, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + ws.Cluster.Issuer), ClientIDList: []string{audience},
				Tags: []types.Tag{{Key: aws.String(ClusterTag), Value: aws.String(ws.Cluster.Region + "/" + ws.Cluster.Name)}}})
			return err
		}}}, nil
	case !slices.Contains(have.ClientIDs, audience):
		return []Change{{"add an audience to the OIDC provider " + ws.Cluster.Issuer, []string{"+ audience " + audience}, func(ctx context.Context, c *iam.Client) error {
			_, err := c.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &have.ARN, ClientID: &audience})
			return err
		}}}, nil
	}
	return nil, nil
}

// audience is what the tokens of pods are for; it is the same in all partitions.
func audience(ws *schema.Workspace) string {
	p, _ := facts.PartitionOf(ws.Cluster.Region) // Load has checked the region
	return p.Audience
}

func (a *Account) planRole(ctx context.Context, ws *schema.Workspace, want gen.Role, opts Options) ([]Change, []string, error) {
	have, err := a.role(ctx, want.Name)
	if err != nil {
		return nil, nil, err
	}
	put := putPolicy(want, nil)
	if have == nil {
		return []Change{createRole(ws, want), put}, nil, nil
	}
	if err := taken(ws, want, have, opts); err != nil {
		return nil, nil, err
	}
	inline, err := a.inline(ctx, want.Name)
	if err != nil {
		return nil, nil, err
	}
	var changes []Change
	if have.Trust.Err != nil || !policy.Equal(have.Trust.Document, want.Trust) {
		changes = append(changes, updateTrust(want, have))
	}
	if have.Tags[gen.OwnerTag] != gen.Owner(ws) {
		changes = append(changes, tagRole(ws, want))
	}
	i := slices.IndexFunc(inline, func(t Text) bool { return t.Name == gen.PolicyName })
	switch {
	case i < 0:
		changes = append(changes, put)
	case inline[i].Err != nil || !policy.Equal(inline[i].Document, want.Permissions):
		changes = append(changes, putPolicy(want, &inline[i]))
	}
	notes, err := others(want, inline)
	return changes, notes, err
}

// taken refuses roles that are not ours.
func taken(ws *schema.Workspace, want gen.Role, have *Role, opts Options) error {
	if have.Path != want.Path {
		return &Wrong{fmt.Sprintf("the role name %s is taken by a role with the path %s, and the spec's has %s: a role cannot move; name another role in the spec, or %s%s", want.Name, have.Path, want.Path, have.Path[1:], want.Name)}
	}
	owner, marked := have.Tags[gen.OwnerTag]
	switch {
	case opts.Adopt || marked && owner == gen.Owner(ws):
		return nil
	case marked:
		return &Wrong{fmt.Sprintf("the role %s belongs to the workspace %s (tag %s), not to %s; --adopt takes it over", want.Name, owner, gen.OwnerTag, gen.Owner(ws))}
	}
	return &Wrong{fmt.Sprintf("a role %s exists and is not marked as ours (no tag %s); --adopt takes it over, or name another role in the spec", want.Name, gen.OwnerTag)}
}

// others are notes about inline policies that are not ours, and the error when there is no room beside them.
func others(want gen.Role, inline []Text) ([]string, error) {
	var notes []string
	size := policy.Size(want.Permissions)
	for _, t := range inline {
		if t.Name != gen.PolicyName {
			size += policy.TextSize(t.Source)
			notes = append(notes, fmt.Sprintf("the role %s has another inline policy, %s, which is left as it is; fusiongen iam verify says what it allows", want.Name, t.Name))
		}
	}
	if size > policy.MaxInline {
		return nil, &Wrong{fmt.Sprintf("the inline policies of the role %s would have %d characters together, and IAM takes %d: remove the others, or make them managed policies", want.Name, size, policy.MaxInline)}
	}
	return notes, nil
}

func createRole(ws *schema.Workspace, want gen.Role) Change {
	return Change{"create the role " + want.Name, diff(nil, &want.Trust), func(ctx context.Context, c *iam.Client) error {
		_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &want.Name, Path: &want.Path, AssumeRolePolicyDocument: aws.String(policy.Compact(want.Trust)),
			Description: aws.String("Nextflow " + want.Who + " of " + gen.Owner(ws) + ", made by fusiongen"), Tags: ownerTags(ws)})
		return err
	}}
}

func updateTrust(want gen.Role, have *Role) Change {
	return Change{"update the trust policy of the role " + want.Name, diff(&have.Trust, &want.Trust), func(ctx context.Context, c *iam.Client) error {
		_, err := c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &want.Name, PolicyDocument: aws.String(policy.Compact(want.Trust))})
		return err
	}}
}

func tagRole(ws *schema.Workspace, want gen.Role) Change {
	return Change{"mark the role " + want.Name + " as ours", []string{"+ tag " + gen.OwnerTag + "=" + gen.Owner(ws)}, func(ctx context.Context, c *iam.Client) error {
		_, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: &want.Name, Tags: ownerTags(ws)})
		return err
	}}
}

func putPolicy(want gen.Role, have *Text) Change {
	return Change{"put the inline policy " + gen.PolicyName + " on the role " + want.Name, diff(have, &want.Permissions), func(ctx context.Context, c *iam.Client) error {
		_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &want.Name, PolicyName: aws.String(gen.PolicyName), PolicyDocument: aws.String(policy.Compact(want.Permissions))})
		return err
	}}
}

func ownerTags(ws *schema.Workspace) []types.Tag {
	return []types.Tag{{Key: aws.String(gen.OwnerTag), Value: aws.String(gen.Owner(ws))}}
}

// diff says in words what a document gains and loses.
func diff(have *Text, want *policy.Document) []string {
	var before, after []policy.Document
	var out []string
	if have != nil {
		before = []policy.Document{have.Document}
		if have.Err != nil {
			out = append(out, "- a document that is no policy: "+have.Err.Error())
		}
	}
	if want != nil {
		after = []policy.Document{*want}
	}
	missing, extra := policy.Diff(before, after)
	for _, g := range missing {
		out = append(out, "+ "+g.String())
	}
	for _, g := range extra {
		out = append(out, "- "+g.String())
	}
	return out
}
