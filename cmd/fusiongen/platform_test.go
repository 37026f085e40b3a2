package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

// platformTree is the tree of an example, without the sum file, which would notice every change.
func platformTree(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	src, err := os.ReadFile("../../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := schema.Load(name, src)
	if err != nil {
		t.Fatal(err)
	}
	c := cli{version: "1.2.3"}
	tree, _, err := c.tree(name, "", ws)
	if err != nil {
		t.Fatal(err)
	}
	out := tree.MapFS()
	delete(out, gen.SumFile)
	return out
}

// found are the rules that find something in a tree.
func found(t *testing.T, tree fstest.MapFS) []string {
	t.Helper()
	findings, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}}, rules.All(), lint.Options{Today: "2026-11-01"})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range findings {
		out = append(out, f.Rule)
	}
	return out
}

// TestPlatformMutations changes one value of a generated tree at a time, and sees which rule notices. Every field of the
// compute environment is noticed by FG560, because the name has its hash; most by a rule of their own, too.
func TestPlatformMutations(t *testing.T) {
	for _, c := range []struct{ example, file, from, to, rule string }{
		{"cloud", "platform/compute-env.json", `"eks-platform"`, `"k8s-platform"`, "FG554"},
		{"cloud", "platform/compute-env.json", `"region": "eu-west-1"`, `"Region": "eu-west-1"`, "FG554"},
		{"cloud", "platform/compute-env.json", `"namespace": "genomics"`, `"namespace": "other"`, "FG552"},
		{"cloud", "platform/compute-env.json", `"genomics-head"`, `"genomics-haed"`, "FG552"},
		{"cloud", "platform/compute-env.json", `"genomics-task"`, `"default"`, "FG551"},
		{"cloud", "platform/compute-env.json", `"s3://acme-nf/genomics"`, `"/work"`, "FG553"},
		{"cloud", "platform/compute-env.json", `"s3://acme-nf/genomics"`, `"s3://acme-other/genomics"`, "FG206"},
		{"cloud", "platform/compute-env.json", `"waveEnabled": true`, `"waveEnabled": false`, "FG553"},
		{"cloud", "platform/compute-env.json", `"fusion2Enabled"`, `"fusionEnabled"`, "FG554"},
		{"cloud", "platform/compute-env.json", `"on_success"`, `"On_Success"`, "FG554"},
		{"cloud", "platform/compute-env.json", `"headPodSpec": "spec:`, `"headPodSpec": "pod:`, "FG559"},
		{"cloud", "platform/compute-env.json", `"NXF_OPTS"`, `"MY_TOKEN"`, "FG557"},
		{"cloud", "platform/compute-env.json", `"costcenter"`, `"cost center"`, "FG559"},
		{"cloud", "platform/compute-env.json", `privileged = false`, `privileged = true`, "FG556"},
		{"cloud", "platform/compute-env.json", `privileged = false`, `enabled = true`, "FG557"},
		{"cloud", "platform/compute_env.tf.json", `"enable_wave": true`, `"enable_wave": false`, "FG553"},
		{"cloud", "platform/api-request.json", `"computeServiceAccount": "genomics-task"`, `"computeServiceAccount": ""`, "FG551"},
		{"cloud", "platform/seqerakit.yml", `name: genomics-`, `name: genomics-00000000 # `, "FG560"},
		{"cloud", "access/entry-ack.yaml", `- genomics-launcher`, `- genomics-launchers`, "FG550"},
		{"cloud", "access/entry-eksctl.yaml", `- genomics-launcher`, `- genomics-launchers`, "FG550"},
		{"cloud", "base/platform/role-binding-launcher.yaml", `kind: Group`, `kind: User`, "FG550"},
		{"cloud", "iam/platform-trust.json", `"sts:ExternalId"`, `"aws:SourceAccount"`, "FG558"},
		{"cloud", "iam/platform-trust.json", `"sts:TagSession"`, `"sts:SetSourceIdentity"`, "FG558"},
		{"cloud", "iam/platform-permissions.json", `"arn:aws:eks:eu-west-1:123456789012:cluster/research"`, `"*"`, "FG558"},
		{"cloud", "base/service-account/service-account-task.yaml", `name: genomics-task`, `name: genomics-tsak`, "FG552"},
		{"enterprise", "access/aws-auth.yaml", `- proteomics-launcher`, `- launcher`, ""}, // the user is bound, too
		{"enterprise", "access/aws-auth.yaml", `proteomics-launcher`, `launcher`, "FG550"},
		{"enterprise", "platform/compute-env.json", `"proteomics-task"`, `"proteomics-tsak"`, "FG552"},
	} {
		tree := platformTree(t, "platform-"+c.example+".cue")
		before := string(tree[c.file].Data)
		after := strings.Replace(before, c.from, c.to, 1)
		if c.rule != "" && c.from == "proteomics-launcher" {
			after = strings.ReplaceAll(before, c.from, c.to)
		}
		if after == before {
			t.Errorf("%s has no %s", c.file, c.from)
		}
		tree[c.file] = &fstest.MapFile{Data: []byte(after)}
		got := found(t, tree)
		if c.rule == "" && len(got) > 0 || c.rule != "" && !slices.Contains(got, c.rule) {
			t.Errorf("%s: %s for %s: found %v, want %s", c.file, c.to, c.from, got, c.rule)
		}
	}
}

// TestPlatformFieldsNoticed takes each field of a generated environment away: the linter always says something.
func TestPlatformFieldsNoticed(t *testing.T) {
	whole := platformTree(t, "platform-cloud.cue")
	if got := found(t, whole); len(got) > 0 {
		t.Fatalf("the tree is not clean: %v", got)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(whole["platform/compute-env.json"].Data, &fields); err != nil {
		t.Fatal(err)
	}
	for name := range fields {
		tree := platformTree(t, "platform-cloud.cue")
		left := map[string]json.RawMessage{}
		for k, v := range fields {
			if k != name {
				left[k] = v
			}
		}
		text, err := json.MarshalIndent(left, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		tree["platform/compute-env.json"] = &fstest.MapFile{Data: text}
		if got := found(t, tree); len(got) == 0 {
			t.Errorf("nobody misses %s", name)
		}
	}
}
