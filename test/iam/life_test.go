package iam

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fusiongen/fusiongen/gen/account"
)

// TestLife goes from an empty account to one without a trace, by the command line.
func TestLife(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	_, spec := workspace(t, url)
	bin := program(t)
	expect := func(want int, contains string, args ...string) string {
		t.Helper()
		code, out, errs := run(t, bin, nil, append(append([]string{"iam"}, args...), spec)...)
		if code != want || !strings.Contains(out+errs, contains) {
			t.Fatalf("%v: code %d, want %d and %q\n%s%s", args, code, want, contains, out, errs)
		}
		return out
	}
	for _, id := range []string{"FG801", "FG805"} {
		expect(1, id, "verify")
	}
	plan := expect(0, "create the role demo-head", "plan")
	if !strings.Contains(plan, "+ allow s3:PutObject on arn:aws:s3:::acme-work/demo/*") {
		t.Errorf("the plan does not say what is granted:\n%s", plan)
	}
	expect(1, "standard input is no terminal; --yes", "apply")
	expect(1, "FG801", "verify") // nothing was made
	expect(0, "done: put the inline policy fusiongen on the role demo-task", "apply", "--yes")
	expect(0, "nothing to change", "apply", "--yes")
	expect(0, "nothing to change", "plan")
	if out := expect(0, "", "verify"); out != "" {
		t.Errorf("verify after apply: %s", out)
	}
	if out := expect(1, "FG810", "verify", "--pedantic"); !strings.Contains(out, "not checked: whether the organization's policies allow") {
		t.Errorf("moto has no simulator, and verify does not say so: %s", out)
	}
	expect(0, `"results"`, "verify", "--format", "sarif")
	expect(1, "delete the role demo-task", "delete")
	expect(0, "the OIDC provider serves every workspace of the cluster, and stays", "delete", "--yes")
	expect(1, "FG801", "verify")
	expect(0, "nothing to change", "delete", "--yes")
	roles, err := hand(url).ListRoles(t.Context(), nil)
	if err != nil || len(roles.Roles) != 0 {
		t.Errorf("%v, and %d roles are left", err, len(roles.Roles))
	}
}

// TestDrift makes every kind of drift by hand: verify finds it by its ID, apply mends what is ours, and what is not ours
// stays and is said.
func TestDrift(t *testing.T) {
	url := moto(t)
	signIn(t, url)
	ws, _ := workspace(t, url)
	client := hand(url)
	ctx := t.Context()
	open := func() *account.Account {
		a, err := account.Open(ctx, ws)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	apply := func() {
		t.Helper()
		if err := open().Apply(ctx, ws, account.Options{Adopt: true}, func(account.Change) {}); err != nil {
			t.Fatal(err)
		}
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	role, name := aws.String("demo-task"), aws.String("fusiongen")
	policies := 0
	managed := func(document string) *string {
		policies++
		out, err := client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("p", policies)), PolicyDocument: &document})
		must(out, err)
		return out.Policy.Arn
	}
	const allow = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`
	const deny = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}}`
	provider := "arn:aws:iam::" + accountID + ":oidc-provider/" + ws.Cluster.Issuer
	for _, c := range []struct {
		name, rule, contains string
		mended               bool // by apply
		drift                func(t *testing.T) (undo func())
	}{
		{"trust of another namespace", "FG802", "does not let the service account demo/demo-task in", true, func(t *testing.T) func() {
			out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: role})
			must(out, err)
			text := strings.ReplaceAll(decode(aws.ToString(out.Role.AssumeRolePolicyDocument)), "serviceaccount:demo:", "serviceaccount:other:")
			must(client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: &text}))
			return nil
		}},
		{"trust of a service too", "FG802", "opens it further than the spec says: allow sts:AssumeRole to Service ec2.amazonaws.com", true, func(t *testing.T) func() {
			out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: role})
			must(out, err)
			text := strings.Replace(decode(aws.ToString(out.Role.AssumeRolePolicyDocument)), `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},`, 1)
			must(client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: &text}))
			return nil
		}},
		{"our policy gone", "FG803", "may not s3:PutObject on arn:aws:s3:::acme-work/demo/*", true, func(t *testing.T) func() {
			must(client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: name}))
			return nil
		}},
		{"our policy lacks an action", "FG803", "s3:PutObjectTagging", true, func(t *testing.T) func() {
			out, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: name})
			must(out, err)
			text := strings.Replace(decode(aws.ToString(out.PolicyDocument)), `,"s3:PutObjectTagging"`, "", 1)
			must(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: name, PolicyDocument: &text}))
			return nil
		}},
		{"our policy has more", "FG804", "may do more than a run uses", true, func(t *testing.T) func() {
			must(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: name, PolicyDocument: aws.String(allow)}))
			return nil
		}},
		{"another inline policy", "FG804", "s3:", false, func(t *testing.T) func() {
			must(client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("other"), PolicyDocument: aws.String(allow)}))
			return func() {
				must(client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("other")}))
			}
		}},
		{"an attached policy that allows", "FG804", "s3:", false, func(t *testing.T) func() {
			arn := managed(allow)
			must(client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn}))
			return func() { must(client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: arn})) }
		}},
		{"an attached policy that denies", "FG803", "denies s3:DeleteObject on arn:aws:s3:::acme-work/demo/* explicitly", false, func(t *testing.T) func() {
			arn := managed(deny)
			must(client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn}))
			return func() { must(client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: arn})) }
		}},
		{"a boundary", "FG807", "does not let it s3:PutObject", false, func(t *testing.T) func() {
			arn := managed(strings.Replace(allow, "s3:*", "s3:Get*", 1))
			must(client.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: role, PermissionsBoundary: arn}))
			return func() {
				must(client.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: role}))
			}
		}},
		{"a long session", "FG808", "43200 seconds", false, func(t *testing.T) func() {
			must(client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role, MaxSessionDuration: aws.Int32(43200)}))
			return func() {
				must(client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role, MaxSessionDuration: aws.Int32(3600)}))
			}
		}},
		{"no mark", "FG811", "fusiongen will not change it", true, func(t *testing.T) func() {
			must(client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: role, TagKeys: []string{"fusiongen:workspace"}}))
			return nil
		}},
		{"another's mark", "FG811", `="eu-west-1/research/other"`, true, func(t *testing.T) func() {
			must(client.TagRole(ctx, &iam.TagRoleInput{RoleName: role, Tags: []types.Tag{{Key: aws.String("fusiongen:workspace"), Value: aws.String("eu-west-1/research/other")}}}))
			return nil
		}},
		{"no role", "FG801", "the pods of demo-task have no credentials", true, func(t *testing.T) func() {
			must(client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: name}))
			must(client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role}))
			return nil
		}},
		{"no provider", "FG805", "has no OIDC provider", true, func(t *testing.T) func() {
			must(client.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &provider}))
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			apply()
			undo := c.drift(t)
			problems, err := open().Verify(ctx, ws)
			if err != nil {
				t.Fatal(err)
			}
			if !found(problems, c.rule, c.contains) {
				t.Errorf("verify does not give %s with %q: %+v", c.rule, c.contains, problems)
			}
			changes, _, err := open().Plan(ctx, ws, account.Options{Adopt: true})
			if err != nil || (len(changes) > 0) != c.mended {
				t.Errorf("the plan has %d changes (%v)", len(changes), err)
			}
			apply()
			if undo != nil {
				undo()
			}
			problems, err = open().Verify(ctx, ws)
			if err != nil || len(serious(problems)) > 0 {
				t.Errorf("afterwards: %v %+v", err, problems)
			}
		})
	}
}

func found(problems []account.Problem, rule, text string) bool {
	for _, p := range problems {
		if p.Rule == rule && strings.Contains(p.Message, text) {
			return true
		}
	}
	return false
}

// serious leaves out that moto has no simulator.
func serious(problems []account.Problem) []account.Problem {
	var out []account.Problem
	for _, p := range problems {
		if !p.Mild {
			out = append(out, p)
		}
	}
	return out
}
