package gen_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

func load(t *testing.T, name string) *schema.Workspace {
	t.Helper()
	ws, err := schema.Load(name, example(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// TestTaskCannotPublish: only the head writes results, and nobody writes inputs.
func TestTaskCannotPublish(t *testing.T) {
	ws := load(t, "minimal.cue")
	for _, who := range []string{"head", "task"} {
		for _, s := range gen.Permissions(ws, who).Statements {
			for _, r := range s.Resource {
				writes := slices.ContainsFunc(s.Action, func(a string) bool { return strings.HasPrefix(a, "s3:Put") || a == "s3:DeleteObject" })
				if writes && (strings.Contains(r, "acme-reference") || who == "task" && strings.Contains(r, "acme-results")) {
					t.Errorf("%s may %v on %s", who, s.Action, r)
				}
			}
		}
	}
}

// TestKeyOnlyWhenNamed: KMS is granted where the spec names a key, on that key alone.
func TestKeyOnlyWhenNamed(t *testing.T) {
	for name, want := range map[string]bool{"minimal.cue": false, "restricted.cue": true} {
		ws := load(t, name)
		text := string(policy.Marshal(gen.Permissions(ws, "task")))
		if got := strings.Contains(text, "kms:Decrypt"); got != want {
			t.Errorf("%s: kms granted %v", name, got)
		}
		if want && !strings.Contains(text, ws.Storage.KMS) {
			t.Errorf("%s: not on the key", name)
		}
	}
}

// TestTrustConditions: one issuer string in provider and conditions, exact audience, exactly the accounts of the role.
func TestTrustConditions(t *testing.T) {
	ws := load(t, "minimal.cue")
	s := gen.Trust(ws, "task").Statements[0]
	issuer := "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	if got := s.Principal["Federated"][0]; got != "arn:aws:iam::123456789012:oidc-provider/"+issuer {
		t.Errorf("provider %s", got)
	}
	conditions := s.Condition["StringEquals"]
	if !slices.Equal(conditions[issuer+":aud"], policy.List{"sts.amazonaws.com"}) || !slices.Equal(conditions[issuer+":sub"], policy.List{"system:serviceaccount:fusion-demo:fusion-demo-task"}) || len(conditions) != 2 {
		t.Errorf("conditions %v", conditions)
	}
	guide := gen.Trust(load(t, "eks-guide.cue"), "head").Statements[0].Condition["StringEquals"]
	if got := guide[issuer+":sub"]; !slices.Equal(got, policy.List{"system:serviceaccount:fusion-demo:fusion-sa"}) {
		t.Errorf("a shared account is named once: %v", got)
	}
	pods := gen.Trust(load(t, "pod-identity.cue"), "task").Statements[0]
	if !slices.Contains(pods.Action, "sts:TagSession") || pods.Principal["Service"][0] != "pods.eks.amazonaws.com" {
		t.Errorf("Pod Identity: %+v", pods)
	}
}

// TestSizes: the documents of every example fit IAM's limits: 10,240 characters for a role's inline policies, 2,048
// for a trust policy.
func TestSizes(t *testing.T) {
	for _, name := range []string{"minimal.cue", "eks-guide.cue", "restricted.cue", "pod-identity.cue"} {
		ws := load(t, name)
		for _, who := range []string{"head", "task"} {
			if n := policy.Size(gen.Permissions(ws, who)); n > 10240 {
				t.Errorf("%s %s: %d characters", name, who, n)
			}
			if n := policy.Size(gen.Trust(ws, who)); n > 2048 {
				t.Errorf("%s %s trust: %d characters", name, who, n)
			}
		}
	}
}

// TestSixtyBuckets: whole buckets share their statements and fit; places with prefixes of their own do not, and the
// spec's line says what to do.
func TestSixtyBuckets(t *testing.T) {
	spec := func(suffix string) *schema.Workspace {
		var inputs []string
		for i := range 60 {
			inputs = append(inputs, fmt.Sprintf(`"s3://acme-reference-data-%02d%s"`, i, fmt.Sprintf(suffix, i)))
		}
		src := strings.Replace(string(example(t, "minimal.cue")), `["s3://acme-reference"]`, "["+strings.Join(inputs, ", ")+"]", 1)
		ws, err := schema.Load("spec.cue", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	whole := spec("%.0d")
	if n := policy.Size(gen.Permissions(whole, "head")); n > policy.MaxInline {
		t.Errorf("60 whole buckets take %d characters", n)
	}
	if n := len(gen.Permissions(whole, "head").Statements); n > 8 {
		t.Errorf("60 whole buckets take %d statements", n)
	}
	if _, err := gen.Build(whole, gen.Options{}); err != nil {
		t.Error(err)
	}
	_, err := gen.Build(spec("/releases/2026-%02d"), gen.Options{})
	var diags schema.Diagnostics
	if !errors.As(err, &diags) || diags[0].Pos.Line != 4 || !strings.Contains(diags[0].Message, "at most 10240") || !strings.Contains(diags[0].Hint, "whole buckets") {
		t.Errorf("got %v", err)
	}
}

// TestNeedsAllowed: every call of every example is allowed by what its role is given, and the evaluator notices each
// action that is taken away.
func TestNeedsAllowed(t *testing.T) {
	for _, name := range []string{"minimal.cue", "eks-guide.cue", "restricted.cue", "pod-identity.cue"} {
		ws := load(t, name)
		for _, who := range []string{"head", "task"} {
			d := gen.Permissions(ws, who)
			for _, n := range gen.Needs(ws, who) {
				for _, r := range n.Requests {
					if policy.Evaluate(r, d).Verdict != policy.Allowed {
						t.Errorf("%s %s: %s needs %s on %s (%v), which is not allowed", name, who, n.Call, r.Action, r.Resource, r.Context)
					}
					if policy.Evaluate(r, without(d, n.Action, n.Resource)).Verdict == policy.Allowed {
						t.Errorf("%s %s: without %s on %s the call is still allowed", name, who, n.Action, n.Resource)
					}
				}
			}
			for _, r := range []policy.Request{
				{Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-work-evil/fusion-demo/x"},
				{Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-work/fusion-demo-other/x"},
				{Action: "s3:ListBucket", Resource: "arn:aws:s3:::acme-work", Context: policy.Context{"s3:prefix": {"fusion-demo-other/"}}},
				{Action: "s3:DeleteBucket", Resource: "arn:aws:s3:::acme-work"},
				{Action: "s3:PutBucketPolicy", Resource: "arn:aws:s3:::acme-work"},
			} {
				if name == "minimal.cue" && policy.Evaluate(r, d).Verdict == policy.Allowed {
					t.Errorf("%s may %s on %s %v", who, r.Action, r.Resource, r.Context)
				}
			}
		}
	}
}

// TestVariableInKey: what looks like a policy variable in a key is that text, and nothing else.
func TestVariableInKey(t *testing.T) {
	ws, err := schema.Load("spec.cue", []byte(strings.Replace(string(example(t, "minimal.cue")), "s3://acme-work/fusion-demo", "s3://acme-work/${aws:username}/w", 1)))
	if err != nil {
		t.Fatal(err)
	}
	d := gen.Permissions(ws, "task")
	for key, want := range map[string]bool{"${aws:username}/w/x": true, "me/w/x": false} {
		r := policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-work/" + key, Context: policy.Context{"aws:username": {"me"}}}
		if got := policy.Evaluate(r, d).Verdict == policy.Allowed; got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// without takes an action on a resource away.
func without(d policy.Document, action, resource string) policy.Document {
	out := policy.Document{Version: d.Version}
	for _, s := range d.Statements {
		if slices.Contains(s.Resource, resource) {
			s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		}
		out.Statements = append(out.Statements, s)
	}
	return out
}

// TestAssume: who may take a role, by the token or the session tags that a pod brings.
func TestAssume(t *testing.T) {
	irsa, pods := load(t, "minimal.cue"), load(t, "pod-identity.cue")
	const aud = "sts.amazonaws.com"
	issuer := irsa.Cluster.Issuer
	web := func(account, issuer, aud, namespace, sa string) policy.Request {
		return policy.WebIdentity("aws", account, issuer, aud, "system:serviceaccount:"+namespace+":"+sa)
	}
	for _, c := range []struct {
		what string
		r    policy.Request
		want bool
	}{
		{"the tasks' account", web("123456789012", issuer, aud, "fusion-demo", "fusion-demo-task"), true},
		{"the head's account", web("123456789012", issuer, aud, "fusion-demo", "fusion-demo-head"), false},
		{"the default account", web("123456789012", issuer, aud, "fusion-demo", "default"), false},
		{"another namespace", web("123456789012", issuer, aud, "other", "fusion-demo-task"), false},
		{"a namespace that begins alike", web("123456789012", issuer, aud, "fusion-demo-evil", "fusion-demo-task"), false},
		{"a regional audience", web("123456789012", issuer, "sts.eu-west-1.amazonaws.com", "fusion-demo", "fusion-demo-task"), false},
		{"an audience of China", web("123456789012", issuer, "sts.amazonaws.com.cn", "fusion-demo", "fusion-demo-task"), false},
		{"another cluster", web("123456789012", strings.Replace(issuer, "EXAMPLED", "EXAMPLEE", 1), aud, "fusion-demo", "fusion-demo-task"), false},
		{"another region", web("123456789012", strings.Replace(issuer, "eu-west-1", "eu-west-2", 1), aud, "fusion-demo", "fusion-demo-task"), false},
		{"another account's provider", web("999999999999", issuer, aud, "fusion-demo", "fusion-demo-task"), false},
	} {
		if got := policy.Evaluate(c.r, gen.Trust(irsa, "task")).Verdict == policy.Allowed; got != c.want {
			t.Errorf("IRSA, %s: %v", c.what, got)
		}
	}
	for _, c := range []struct {
		what                                    string
		account, region, cluster, namespace, sa string
		want                                    bool
	}{
		{"the tasks' account", "123456789012", "us-gov-west-1", "research", "metagenomics", "metagenomics-task", true},
		{"the head's account", "123456789012", "us-gov-west-1", "research", "metagenomics", "metagenomics-head", false},
		{"another namespace", "123456789012", "us-gov-west-1", "research", "other", "metagenomics-task", false},
		{"another cluster", "123456789012", "us-gov-west-1", "production", "metagenomics", "metagenomics-task", false},
		{"another region", "123456789012", "us-gov-east-1", "research", "metagenomics", "metagenomics-task", false},
		{"another account", "999999999999", "us-gov-west-1", "research", "metagenomics", "metagenomics-task", false},
	} {
		for _, r := range policy.PodIdentity("aws-us-gov", c.account, c.region, c.cluster, c.namespace, c.sa) {
			if got := policy.Evaluate(r, gen.Trust(pods, "task")).Verdict == policy.Allowed; got != c.want {
				t.Errorf("Pod Identity, %s, %s: %v", c.what, r.Action, got)
			}
		}
	}
	for _, r := range policy.PodIdentity("aws-us-gov", "123456789012", "us-gov-west-1", "research", "metagenomics", "metagenomics-task") {
		for key := range r.Context { // without session tags nothing matches (disableSessionTags)
			if strings.HasPrefix(key, "aws:RequestTag/") {
				delete(r.Context, key)
			}
		}
		if policy.Evaluate(r, gen.Trust(pods, "task")).Verdict == policy.Allowed {
			t.Errorf("Pod Identity without session tags: %s is allowed", r.Action)
		}
	}
}
