package manifests

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConform: kubeconform, strict, finds every Kubernetes object of every example valid. Schemas come from the API's
// own description in the Kubernetes module, because there is no network for a registry of them.
func TestConform(t *testing.T) {
	location := schemas(t)
	var files []string
	for _, dir := range trees(t) {
		for _, part := range []string{"base", "head"} {
			err := filepath.WalkDir(filepath.Join(dir, part), func(path string, d fs.DirEntry, err error) error {
				if err == nil && filepath.Ext(path) == ".yaml" && d.Name() != "kustomization.yaml" {
					files = append(files, path)
				}
				return nil // not every tree has a head
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(files) < 100 {
		t.Fatalf("only %d manifests", len(files))
	}
	run := func(files ...string) (string, error) {
		args := append([]string{"-strict", "-summary", "-schema-location", location,
			"-skip", "EC2NodeClass,NodePool,NodeOverlay,NodeClass"}, files...) // custom resources: the API server's test has their CRDs
		out, err := exec.Command(tool(t, "kubeconform"), args...).CombinedOutput()
		return string(out), err
	}
	if out, err := run(files...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	text := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x}\nautomountServiceAcountToken: false\n"
	if err := os.WriteFile(wrong, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := run(wrong); err == nil {
		t.Errorf("a misspelt field is found valid:\n%s", out)
	}
}

// schemas makes JSON schemas, one file a kind, and returns kubeconform's template for their paths.
func schemas(t *testing.T) string {
	t.Helper()
	list := exec.Command("go", "list", "-mod=mod", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes")
	list.Dir = "../cluster/v1.36.3"
	module, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(module)), "api/openapi-spec/swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(data, &api); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content any) {
		data, err := json.Marshal(content)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, d := range api.Definitions {
		if strings.HasSuffix(name, ".IntOrString") {
			api.Definitions[name] = map[string]any{"type": []string{"string", "integer"}}
			continue
		}
		if _, has := d["properties"]; has { // what -strict adds to schemas that are one file each
			d["additionalProperties"] = false
		}
		kinds, _ := d["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 {
			continue
		}
		kind, _ := kinds[0].(map[string]any)
		// As kubeconform calls them: KIND-VERSION, or KIND-GROUP-VERSION with the first part of the group.
		group, _, _ := strings.Cut(kind["group"].(string), ".")
		file := strings.ToLower(kind["kind"].(string)) + strings.TrimSuffix("-"+group, "-") + "-" + kind["version"].(string) + ".json"
		write(file, map[string]any{"$ref": "definitions.json#/definitions/" + name})
	}
	write("definitions.json", map[string]any{"definitions": api.Definitions})
	return filepath.Join(dir, "{{.ResourceKind}}{{.KindSuffix}}.json")
}
