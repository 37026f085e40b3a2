package gen_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// TestExportGolden: the forms of each example; UPDATE=1 rewrites them.
func TestExportGolden(t *testing.T) {
	for _, name := range []string{"minimal", "pod-identity", "workstation"} {
		ws := load(t, name+".cue")
		for _, form := range gen.ExportForms() {
			got, err := gen.Export(ws, form)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "export", name+"."+form)
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s differs (%v); UPDATE=1 rewrites it", path, err)
			}
		}
	}
}

// The fields of ACK's and eksctl's types that we write, with their names there (iam-controller v1.8.1, eks-controller
// v1.20.0, eksctl v1alpha5). Reading is strict: a field that is not here is an error.
type (
	ackObject struct {
		APIVersion string                           `json:"apiVersion"`
		Kind       string                           `json:"kind"`
		Metadata   struct{ Name, Namespace string } `json:"metadata"`
		Spec       json.RawMessage                  `json:"spec"`
	}
	ackRole struct {
		Name                     string                        `json:"name"`
		Path                     string                        `json:"path"`
		AssumeRolePolicyDocument string                        `json:"assumeRolePolicyDocument"`
		InlinePolicies           map[string]string             `json:"inlinePolicies"`
		Tags                     []struct{ Key, Value string } `json:"tags"`
	}
	ackPolicy struct {
		Name           string                        `json:"name"`
		Path           string                        `json:"path"`
		PolicyDocument string                        `json:"policyDocument"`
		Tags           []struct{ Key, Value string } `json:"tags"`
	}
	ackAssociation struct{ ClusterName, Namespace, ServiceAccount, RoleARN string }
	eksctlConfig   struct {
		APIVersion string                        `json:"apiVersion"`
		Kind       string                        `json:"kind"`
		Metadata   struct{ Name, Region string } `json:"metadata"`
		IAM        struct {
			WithOIDC        bool `json:"withOIDC"`
			ServiceAccounts []struct {
				Metadata     struct{ Name, Namespace string } `json:"metadata"`
				RoleName     string                           `json:"roleName"`
				RoleOnly     bool                             `json:"roleOnly"`
				AttachPolicy json.RawMessage                  `json:"attachPolicy"`
				Tags         map[string]string                `json:"tags"`
			} `json:"serviceAccounts"`
			PodIdentityAssociations []struct {
				Namespace, ServiceAccountName, RoleName string
				PermissionPolicy                        json.RawMessage
				Tags                                    map[string]string
			} `json:"podIdentityAssociations"`
		} `json:"iam"`
	}
)

func same(t *testing.T, what string, text []byte, want policy.Document) {
	t.Helper()
	got, err := policy.Parse(text)
	if err != nil || policy.Compact(got) != policy.Compact(want) {
		t.Errorf("%s comes back as %s (%v)", what, policy.Compact(got), err)
	}
}

// TestACK reads the objects back into the roles that they were made from.
func TestACK(t *testing.T) {
	for _, name := range []string{"minimal.cue", "pod-identity.cue", "eks-guide.cue", "workstation.cue"} {
		ws := load(t, name)
		data, err := gen.Export(ws, "ack")
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]gen.Role{}
		for _, r := range gen.Roles(ws) {
			byName[r.Name] = r
		}
		seen := map[string]int{}
		for _, text := range strings.Split(string(data), "---\n") {
			var o ackObject
			if err := yaml.UnmarshalStrict([]byte(text), &o); err != nil {
				t.Fatal(err)
			}
			seen[o.Kind]++
			spec := json.NewDecoder(bytes.NewReader(o.Spec))
			spec.DisallowUnknownFields()
			switch o.Kind {
			case "Role":
				var r ackRole
				if err := spec.Decode(&r); err != nil {
					t.Fatal(err)
				}
				want := byName[r.Name]
				same(t, r.Name+" trust", []byte(r.AssumeRolePolicyDocument), want.Trust)
				same(t, r.Name+" permissions", []byte(r.InlinePolicies[gen.PolicyName]), want.Permissions)
				if r.Path != want.Path || o.APIVersion != "iam.services.k8s.aws/v1alpha1" || r.Tags[0].Value != gen.Owner(ws) {
					t.Errorf("%s: %+v", r.Name, r)
				}
			case "Policy":
				var p ackPolicy
				if err := spec.Decode(&p); err != nil {
					t.Fatal(err)
				}
				same(t, p.Name, []byte(p.PolicyDocument), byName[p.Name].Permissions)
			case "PodIdentityAssociation":
				var a ackAssociation
				if err := spec.Decode(&a); err != nil {
					t.Fatal(err)
				}
				if a.ClusterName != ws.Cluster.Name || a.Namespace != ws.Name || !strings.HasSuffix(a.RoleARN, ":role/"+a.ServiceAccount) {
					t.Errorf("%+v", a)
				}
			default:
				t.Errorf("a %s", o.Kind)
			}
		}
		if seen["Role"]+seen["Policy"] != len(byName) || (seen["PodIdentityAssociation"] > 0) != (ws.Identity.Provider == "pod-identity") {
			t.Errorf("%s: %v", name, seen)
		}
	}
}

// TestEksctl reads the ClusterConfig back.
func TestEksctl(t *testing.T) {
	for _, name := range []string{"minimal.cue", "pod-identity.cue", "eks-guide.cue"} {
		ws := load(t, name)
		data, err := gen.Export(ws, "eksctl")
		if err != nil {
			t.Fatal(err)
		}
		var config eksctlConfig
		if err := yaml.UnmarshalStrict(data, &config); err != nil {
			t.Fatal(err)
		}
		roles := gen.Roles(ws)
		if n := len(config.IAM.ServiceAccounts) + len(config.IAM.PodIdentityAssociations); n != len(roles) || config.Metadata.Name != ws.Cluster.Name {
			t.Fatalf("%s: %+v", name, config)
		}
		for i, a := range config.IAM.ServiceAccounts {
			same(t, a.RoleName, a.AttachPolicy, roles[i].Permissions)
			if a.Metadata.Name != roles[i].Accounts[0] || a.Metadata.Namespace != ws.Name || !a.RoleOnly || !config.IAM.WithOIDC {
				t.Errorf("%+v", a)
			}
		}
		for i, a := range config.IAM.PodIdentityAssociations {
			same(t, a.RoleName, a.PermissionPolicy, roles[i].Permissions)
			if a.ServiceAccountName != roles[i].Accounts[0] || a.Namespace != ws.Name || a.Tags[gen.OwnerTag] != gen.Owner(ws) {
				t.Errorf("%+v", a)
			}
		}
	}
}

// TestEksctlCannot: what the form cannot say is an error at the user's line.
func TestEksctlCannot(t *testing.T) {
	for change, want := range map[string]string{
		`{role: "team/head"}`:   "roles without a path",
		`{role: "demo-shared"}`: "share one here",
	} {
		src := string(example(t, "minimal.cue")) + "identity: head: " + change
		if strings.Contains(change, "shared") {
			src += "\nidentity: task: " + change
		}
		ws, err := schema.Load("spec.cue", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gen.Export(ws, "eksctl"); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "spec.cue:5:") {
			t.Errorf("%s: %v", change, err)
		}
	}
}
