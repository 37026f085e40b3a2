package account

import (
	"context"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// Text is a live policy document.
type Text struct {
	Name     string // of the policy: inline name or ARN
	Source   string
	Document policy.Document
	Err      error // why Source is no policy; Document is empty then
}

func newText(name, encoded string) Text {
	t := Text{Name: name, Source: encoded}
	// IAM returns documents URL-encoded, some implementations as they are; no JSON text begins with %.
	if len(encoded) > 0 && encoded[0] == '%' {
		if plain, err := url.PathUnescape(encoded); err == nil {
			t.Source = plain
		}
	}
	t.Document, t.Err = policy.Parse([]byte(t.Source))
	return t
}

// Role is a live role.
type Role struct {
	ARN, Path  string
	Trust      Text
	Tags       map[string]string
	MaxSession int32  // seconds
	Boundary   string // ARN, "" for none
}

// role reads a role; nil where there is none.
func (a *Account) role(ctx context.Context, name string) (*Role, error) {
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if code(err) == "NoSuchEntity" {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	r := &Role{ARN: aws.ToString(out.Role.Arn), Path: aws.ToString(out.Role.Path), Trust: newText("trust policy", aws.ToString(out.Role.AssumeRolePolicyDocument)),
		Tags: tagMap(out.Role.Tags), MaxSession: aws.ToInt32(out.Role.MaxSessionDuration)}
	if b := out.Role.PermissionsBoundary; b != nil {
		r.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return r, nil
}

func tagMap(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// inline reads a role's inline policies, sorted by name.
func (a *Account) inline(ctx context.Context, role string) ([]Text, error) {
	var out []Text
	pages := iam.NewListRolePoliciesPaginator(listRolePolicies(a.iam.ListRolePolicies), &iam.ListRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(err)
		}
		for _, name := range slices.Sorted(slices.Values(page.PolicyNames)) {
			p, err := a.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
			if code(err) == "NoSuchEntity" {
				continue // deleted since it was listed
			}
			if err != nil {
				return nil, explain(err)
			}
			out = append(out, newText(name, aws.ToString(p.PolicyDocument)))
		}
	}
	return out, nil
}

// attached lists the ARNs of a role's managed policies.
func (a *Account) attached(ctx context.Context, role string) ([]string, error) {
	var out []string
	pages := iam.NewListAttachedRolePoliciesPaginator(listAttachedRolePolicies(a.iam.ListAttachedRolePolicies), &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(err)
		}
		for _, p := range page.AttachedPolicies {
			out = append(out, aws.ToString(p.PolicyArn))
		}
	}
	return out, nil
}

// managed reads the default version of a managed policy.
func (a *Account) managed(ctx context.Context, arn string) (Text, error) {
	p, err := a.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return Text{}, explain(err)
	}
	v, err := a.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		return Text{}, explain(err)
	}
	return newText(arn, aws.ToString(v.PolicyVersion.Document)), nil
}

// Provider is a live OIDC provider.
type Provider struct {
	ARN       string
	ClientIDs []string
	Tags      map[string]string
}

// providerARN is the ARN of the provider of a workspace's cluster.
func providerARN(ws *schema.Workspace) string {
	return "arn:" + ws.Cluster.Partition + ":iam::" + ws.Cluster.Account + ":oidc-provider/" + ws.Cluster.Issuer
}

// provider reads the provider of the workspace's cluster; nil where there is none.
func (a *Account) provider(ctx context.Context, ws *schema.Workspace) (*Provider, error) {
	arn := providerARN(ws)
	out, err := a.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if code(err) == "NoSuchEntity" {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	return &Provider{ARN: arn, ClientIDs: out.ClientIDList, Tags: tagMap(out.Tags)}, nil
}
