package gen_test

import (
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
