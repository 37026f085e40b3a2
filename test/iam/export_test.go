package iam

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"github.com/hashicorp/hcl/v2"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// examples are all specs of the repository, each environment for itself.
func examples(t *testing.T) map[string]*schema.Workspace {
	t.Helper()
	paths, err := filepath.Glob("../../examples/*.cue")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, paths)
	}
	out := map[string]*schema.Workspace{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(path, text)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".cue")
		out[name] = ws
		for _, e := range ws.Environments {
			out[name+"-"+e.Name] = e.Workspace
		}
	}
	return out
}

// TestCloudFormation: cfn-lint knows the resources, their fields and the policies in them, and accepts all templates.
func TestCloudFormation(t *testing.T) {
	dir := t.TempDir()
	var files []string
	write := func(name string, data []byte) {
		files = append(files, filepath.Join(dir, name+".json"))
		if err := os.WriteFile(files[len(files)-1], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, ws := range examples(t) {
		data, err := gen.Export(ws, "cloudformation")
		if err != nil {
			t.Fatal(err)
		}
		write(name, data)
	}
	check := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(venv(t), "cfn-lint"), append([]string{"--regions", "us-east-1", "--"}, args...)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := check(files...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	broken, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	write("broken", []byte(strings.Replace(string(broken), `"AssumeRolePolicyDocument"`, `"AssumeRolePolicy"`, 1)))
	if out, err := check(files[len(files)-1]); err == nil || !strings.Contains(out, "AssumeRolePolicy") {
		t.Errorf("cfn-lint accepts a wrong field: %v\n%s", err, out)
	}
}

// TestTerraform: HCL's own parser reads the file, its expressions give back the documents, and references lead to
// resources that are there.
func TestTerraform(t *testing.T) {
	for name, ws := range examples(t) {
		data, err := gen.Export(ws, "terraform")
		if err != nil {
			t.Fatal(err)
		}
		file, diags := hcljson.Parse(data, name+".tf.json")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		content, diags := file.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"kind", "name"}}}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		roles := map[string]cty.Value{}
		for _, b := range content.Blocks {
			if b.Labels[0] == "aws_iam_role" {
				roles[b.Labels[1]] = cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal("the-role"), "arn": cty.StringVal("arn:the-role")})
			}
		}
		scope := &hcl.EvalContext{Variables: map[string]cty.Value{}}
		if len(roles) > 0 {
			scope.Variables["aws_iam_role"] = cty.ObjectVal(roles)
		}
		documents := map[string]bool{}
		for _, b := range content.Blocks {
			attributes, diags := b.Body.JustAttributes()
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			for key, a := range attributes {
				v, diags := a.Expr.Value(scope)
				if diags.HasErrors() {
					t.Fatalf("%s: %s.%s: %v", name, strings.Join(b.Labels, "."), key, diags)
				}
				if key == "policy" || key == "assume_role_policy" {
					documents[v.AsString()] = true
				}
				if key == "role" && v.AsString() != "the-role" {
					t.Errorf("%s: role is %q", name, v.AsString())
				}
			}
		}
		for _, r := range gen.Roles(ws) {
			if !documents[policy.Compact(r.Permissions)] || !r.OwnPrincipal && !documents[policy.Compact(r.Trust)] {
				t.Errorf("%s: the documents of %s do not come back", name, r.Name)
			}
		}
	}
}

// TestTerraformEscapes: what IAM writes as ${…} must not be Terraform's. HCL gives it back as it was.
func TestTerraformEscapes(t *testing.T) {
	ws, err := schema.Load("spec.json", []byte(`{"name": "demo", "cluster": {"name": "r", "account": "123456789012", "region": "eu-west-1", "oidc": "EXAMPLED539D4633E53DE1B71EXAMPLE"},
		"storage": {"work": "s3://bucket/${x}/%{if}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	data, err := gen.Export(ws, "terraform")
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Resource map[string]map[string]map[string]any `json:"resource"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	file, diags := hcljson.Parse([]byte(`{"x": `+quote(t, raw.Resource["aws_iam_role_policy"]["demo_task"]["policy"])+`}`), "x.tf.json")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	attributes, _ := file.Body.JustAttributes()
	v, diags := attributes["x"].Expr.Value(&hcl.EvalContext{})
	if diags.HasErrors() || v.AsString() != policy.Compact(gen.Permissions(ws, "task")) {
		t.Errorf("%v: %#v", diags, v)
	}
}

func quote(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
