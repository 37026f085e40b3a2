// Package nextflow asks real Nextflow parsers what they read in the configs that fusiongen prints.
package nextflow

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// hostile are values that a printer may get wrong.
var hostile = []string{`it's`, `"q"`, `${x}`, `$y`, `a\b`, `\`, `\\'`, "line\nbreak", "cr\r", "tab\t", "größe", "日本語", "🧬", `\u0041`, "// c", "/* c */"}

// TestHostileValues: what the spec says is what Nextflow 24.10.0 reads, whatever the characters.
func TestHostileValues(t *testing.T) {
	selector := map[string]string{}
	for i, v := range hostile {
		selector["example.com/key-"+string(rune('a'+i))] = v
	}
	spec, err := json.Marshal(map[string]any{
		"name":    "demo",
		"cluster": map[string]any{"name": "r", "account": "123456789012", "region": "eu-west-1", "oidc": "EXAMPLED539D4633E53DE1B71EXAMPLE"},
		"storage": map[string]any{"work": "s3://acme-work/größe/it's"},
		"nodes":   map[string]any{"selector": selector},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "spec.json", spec)
	config := values(t, path, "")
	if config["workDir"] != "s3://acme-work/größe/it's" {
		t.Errorf("workDir is %q", config["workDir"])
	}
	got := podOption(t, config, "nodeSelector")
	for key, want := range selector {
		if got[key] != want {
			t.Errorf("%s: Nextflow reads %q, meant %q", key, got[key], want)
		}
	}
	strict(t, path)
}

// TestExamples: every example's config, and each profile of it, says what its workspace says.
func TestExamples(t *testing.T) {
	paths, _ := filepath.Glob("../../examples/*.cue")
	if len(paths) == 0 {
		t.Fatal("no examples")
	}
	var configs []string
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		config := write(t, filepath.Base(path), src)
		configs = append(configs, config)
		ws, err := schema.Load(path, src)
		if err != nil {
			t.Fatal(err)
		}
		check(t, path, ws, ws.Environments, config)
	}
	strict(t, configs...)
}

func check(t *testing.T, path string, ws *schema.Workspace, environments []schema.Environment, config string) {
	if len(environments) == 0 {
		environments = []schema.Environment{{Workspace: ws}}
	}
	for _, e := range environments {
		read := values(t, config, e.Name)
		k8s, _ := read["k8s"].(map[string]any)
		fusion, _ := read["fusion"].(map[string]any)
		aws, _ := read["aws"].(map[string]any)
		w := e.Workspace
		want := map[string][2]any{
			"workDir":                 {read["workDir"], w.Storage.Work},
			"aws.region":              {aws["region"], w.Cluster.Region},
			"k8s.namespace":           {k8s["namespace"], w.Name},
			"k8s.serviceAccount":      {k8s["serviceAccount"], w.Identity.Task.ServiceAccount},
			"k8s.computeResourceType": {k8s["computeResourceType"], w.Nextflow.Compute},
			"fusion.privileged":       {fusion["privileged"], w.Runtime.Privileged},
		}
		if w.Consumer == "platform" { // Platform itself says these
			for _, what := range []string{"workDir", "aws.region", "k8s.namespace", "k8s.serviceAccount"} {
				delete(want, what)
			}
		}
		for what, pair := range want {
			if pair[0] != pair[1] {
				t.Errorf("%s %s: %s is %v, meant %v", path, e.Name, what, pair[0], pair[1])
			}
		}
		device, _ := k8s["fuseDevicePlugin"].(map[string]any)
		if !w.Runtime.Privileged && (len(device) != 1 || device[w.Fuse.Resource] != 1.0) {
			t.Errorf("%s %s: fuseDevicePlugin is %v", path, e.Name, device)
		}
	}
}

// write builds a spec and leaves its nextflow.config in a directory of its own.
func write(t *testing.T, name string, spec []byte) string {
	t.Helper()
	ws, err := schema.Load(name, spec)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := gen.Build(ws, gen.Options{Version: "0.0.0-test"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if ws.Consumer == "platform" { // the reduced one that the compute environment holds
		dir = filepath.Join(dir, "platform")
	}
	return filepath.Join(dir, "nextflow.config")
}

// values is what Nextflow 24.10.0 reads in a config, with a profile or without.
func values(t *testing.T, config, profile string) map[string]any {
	t.Helper()
	args := []string{"-C", config, "config", "-o", "json"}
	if profile != "" {
		args = append(args, "-profile", profile)
	}
	cmd := exec.Command("./run", args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nextflow %s: %v\n%s%s", strings.Join(args, " "), err, out, errs.String())
	}
	var read map[string]any
	if err := json.Unmarshal(out[bytes.IndexByte(out, '{'):], &read); err != nil {
		t.Fatalf("nextflow config: %v\n%s", err, out)
	}
	return read
}

// laterOptions are the options that nf-lang 25.04.0 does not know yet, with the reason.
var laterOptions = map[string]string{
	"k8s.client.server":      "a nested map in the schema of 25.04; an option of its own in nf-k8s' K8sConfig",
	"k8s.client.tokenFile":   "as k8s.client.server",
	"k8s.client.sslCertFile": "as k8s.client.server",
}

// strict: nf-lang parses the files in the strict syntax and knows every option, but for laterOptions.
func strict(t *testing.T, configs ...string) {
	t.Helper()
	out, err := exec.Command("./run", append([]string{"--options"}, configs...)...).Output()
	if err != nil {
		t.Errorf("nf-lang: %v\n%s", err, out)
	}
	known := 0
	for line := range strings.Lines(string(out)) {
		switch verdict, name, _ := strings.Cut(strings.TrimSpace(line), " "); {
		case verdict == "file":
		case verdict == "known":
			known++
		case laterOptions[name] == "":
			t.Errorf("nf-lang: %s %s", verdict, name)
		}
	}
	if known < 5*len(configs) {
		t.Errorf("nf-lang saw only %d options", known)
	}
}

// podOption is the one k8s.pod entry of a kind.
func podOption(t *testing.T, config map[string]any, kind string) map[string]any {
	t.Helper()
	k8s, _ := config["k8s"].(map[string]any)
	pod, _ := k8s["pod"].([]any)
	for _, entry := range pod {
		if option, ok := entry.(map[string]any)[kind].(map[string]any); ok {
			return option
		}
	}
	t.Fatalf("no %s in %v", kind, pod)
	return nil
}
