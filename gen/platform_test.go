package gen_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// file is a file of a tree, nil where it has none.
func file(tree *gen.Tree, path string) []byte {
	for _, f := range tree.Files() {
		if f.Path == path {
			return f.Data
		}
	}
	return nil
}

// TestForms converts the tw, seqerakit, Terraform and API forms back and compares them with the one value.
func TestForms(t *testing.T) {
	for _, name := range []string{"platform-cloud.cue", "platform-enterprise.cue"} {
		src := strings.Replace(string(example(t, name)), "platform: {", "platform: {\n\tforms: [\"terraform\", \"api\"]", 1)
		src = strings.Replace(src, "\tforms: [\"terraform\", \"api\"]\n}", "}", 1)
		src = strings.Replace(src, "export NXF_DEBUG=1", `export NXF_OPTS="${HOME} %{x} <&>"`, 1)
		ws, tree := build(t, name, []byte(src))
		want := gen.NewComputeEnv(ws)
		var tw gen.ComputeEnv
		strict(t, file(tree, "platform/compute-env.json"), &tw)
		if !reflect.DeepEqual(tw, want) {
			t.Errorf("%s: tw: %+v", name, tw)
		}
		var kit struct {
			Envs []map[string]string `json:"compute-envs"`
		}
		if err := yaml.UnmarshalStrict(file(tree, "platform/seqerakit.yml"), &kit); err != nil {
			t.Fatal(err)
		}
		entry := map[string]string{"name": gen.EnvName(ws), "workspace": ws.Platform.Workspace, "credentials": ws.Platform.Credentials, "file-path": "./platform/compute-env.json", "wait": "AVAILABLE", "on_exists": "ignore"}
		if len(kit.Envs) != 1 || !reflect.DeepEqual(kit.Envs[0], entry) {
			t.Errorf("%s: seqerakit: %v", name, kit)
		}
		want.Labels = nil // Terraform and the API take labels by their ids
		var api struct {
			ComputeEnv struct {
				Name, Platform string
				Config         json.RawMessage
			}
		}
		strict(t, file(tree, "platform/api-request.json"), &api)
		got := gen.ComputeEnv{Discriminator: api.ComputeEnv.Platform}
		strict(t, api.ComputeEnv.Config, &got)
		if !reflect.DeepEqual(got, want) || api.ComputeEnv.Name != gen.EnvName(ws) {
			t.Errorf("%s: api: %+v", name, got)
		}
		if got := fromTerraform(t, file(tree, "platform/compute_env.tf.json")); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: terraform:\n%+v\n%+v", name, got, want)
		}
	}
}

func strict(t *testing.T, data []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// fromTerraform reads the provider's block back, with Terraform's escapes undone.
func fromTerraform(t *testing.T, data []byte) gen.ComputeEnv {
	t.Helper()
	var file struct {
		Resource map[string]map[string]struct {
			ComputeEnv struct {
				Platform string
				Config   map[string]map[string]any
			} `json:"compute_env"`
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var out gen.ComputeEnv
	for _, r := range file.Resource["seqera_compute_env"] {
		config := map[string]any{"discriminator": r.ComputeEnv.Platform}
		for _, f := range facts.EnvFields() {
			if value, ok := r.ComputeEnv.Config["eks_platform"][f.Terraform]; ok {
				config[f.Name] = value
				delete(r.ComputeEnv.Config["eks_platform"], f.Terraform)
			}
		}
		for name := range r.ComputeEnv.Config["eks_platform"] {
			t.Errorf("the provider has no %s", name)
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		strict(t, []byte(strings.NewReplacer("$${", "${", "%%{", "%{").Replace(string(text))), &out)
	}
	return out
}

// TestEnvFieldsKnown: every field that we write is one that the API has, of its type.
func TestEnvFieldsKnown(t *testing.T) {
	types := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Slice: "list"}
	known := map[string]string{}
	for _, f := range facts.EnvFields() {
		known[f.Name] = f.Type
	}
	env := reflect.TypeFor[gen.ComputeEnv]()
	for i := range env.NumField() {
		name, _, _ := strings.Cut(env.Field(i).Tag.Get("json"), ",")
		if known[name] != types[env.Field(i).Type.Kind()] {
			t.Errorf("%s is a %s, the API has %q", name, env.Field(i).Type, known[name])
		}
	}
}

// TestEnvName: the name follows the configuration and nothing else, and stays within the 100 characters of the API.
func TestEnvName(t *testing.T) {
	load := func(from, to string) *schema.Workspace {
		ws, err := schema.Load("spec.cue", []byte(strings.Replace(string(example(t, "platform-cloud.cue")), from, to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	before := gen.EnvName(load("", ""))
	for change, differs := range map[[2]string]bool{
		{"headMemory:  4096", "headMemory: 8192"}:                                 true,
		{`version: "1.34"}`, `version: "1.35"}`}:                                  false,
		{`"eks-research"`, `"other"`}:                                             false, // an update takes credentials
		{`publish: ["s3://acme-results/genomics"]`, `publish: ["s3://acme-out"]`}: false,
		{`"-Xmx3g"`, `"-Xmx4g"`}:                                                  true,
		{`"nextflow"`, `"other"`}:                                                 true,
	} {
		if got := gen.EnvName(load(change[0], change[1])) != before; got != differs {
			t.Errorf("%v: another name %v", change, got)
		}
	}
	if !regexp.MustCompile(`^genomics-[0-9a-f]{8}$`).MatchString(before) {
		t.Errorf("named %s", before)
	}
}

// TestSecondStep: until the External ID is known there is no trust policy and no placeholder; the page says what to do.
func TestSecondStep(t *testing.T) {
	src := regexp.MustCompile(`\n\texternalId:.*`).ReplaceAllString(string(example(t, "platform-cloud.cue")), "")
	ws, tree := build(t, "platform-cloud.cue", []byte(src))
	page := string(file(tree, "README.md"))
	if file(tree, "iam/platform-trust.json") != nil || !strings.Contains(page, "**Second step.**") || !strings.Contains(page, "`platform: externalId:`") {
		t.Errorf("no second step in\n%s", page)
	}
	_, whole := build(t, "platform-cloud.cue", example(t, "platform-cloud.cue"))
	trust, err := policy.Parse(file(whole, "iam/platform-trust.json"))
	if err != nil {
		t.Fatal(err)
	}
	caller := policy.Principal{Kind: "AWS", ID: facts.CloudLauncher}
	for _, c := range []struct {
		action, id string
		want       bool
	}{
		{"sts:AssumeRole", "8f3c1a20-5d5e-4f0e-9f6b-2f6f9a3f1c11", true}, {"sts:AssumeRole", "another", false}, {"sts:AssumeRole", "", false}, {"sts:TagSession", "", true},
	} {
		r := policy.Request{Action: c.action, Principal: caller, Context: policy.Context{"sts:ExternalId": {c.id}}}
		if c.id == "" {
			r.Context = nil
		}
		if got := policy.Evaluate(r, trust).Verdict == policy.Allowed; got != c.want {
			t.Errorf("%s with %q: %v", c.action, c.id, got)
		}
	}
	if ws.Platform.JumpRole != facts.CloudLauncher {
		t.Errorf("Cloud's role is %s", ws.Platform.JumpRole)
	}
}

// TestReduced: the embedded configuration has nothing that Platform sets, and a top-level one is not written.
func TestReduced(t *testing.T) {
	for _, name := range []string{"platform-cloud.cue", "platform-enterprise.cue"} {
		ws, tree := build(t, name, example(t, name))
		config := gen.NewComputeEnv(ws).NextflowConfig
		for _, managed := range []string{"workDir", "namespace", "serviceAccount =", "enabled", "wave", "tower", "accessToken", "executor"} {
			if strings.Contains(config, managed) {
				t.Errorf("%s: %s is in\n%s", name, managed, config)
			}
		}
		if !strings.Contains(config, "computeResourceType = '"+ws.Nextflow.Compute+"'") || !strings.Contains(config, "privileged = false") {
			t.Errorf("%s: %s", name, config)
		}
		if file(tree, "nextflow.config") != nil || file(tree, "head/job.yaml") != nil {
			t.Errorf("%s has the files of a head of ours", name)
		}
		if !strings.HasSuffix(string(file(tree, "platform/nextflow.config")), config) {
			t.Errorf("%s: the copy differs", name)
		}
	}
}
