package gen_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/fusiongen/fusiongen/gen"
)

// TestRenderIsKustomize: what is printed without kustomize is what kustomize prints, for every example and environment.
func TestRenderIsKustomize(t *testing.T) {
	examples, _ := filepath.Glob("../examples/*.cue")
	for _, path := range examples {
		ws, tree := build(t, filepath.Base(path), example(t, filepath.Base(path)))
		for _, env := range environments(ws) {
			t.Run(filepath.Base(path)+" "+env, func(t *testing.T) { rendersAsKustomize(t, tree, env) })
		}
	}
}

// TestRenderTricky: values that another reader of YAML takes for something else, and namespaces that sort otherwise with
// a name behind them.
func TestRenderTricky(t *testing.T) {
	const common = `
cluster: {name: "012", account: "123456789012", region: "eu-west-1", oidc: "EXAMPLED539D4633E53DE1B71EXAMPLE", version: "1.34"}
storage: work: "s3://acme-work/1e3"
`
	for name, spec := range map[string]string{
		"values": `name: "1e3"
scratch: provider: "karpenter"
nodes: {autoscaler: "karpenter", selector: {a: "yes", b: "on", c: "012", d: "1_000", e: "2001-01-01", f: "0x1f", g: "~", h: "null", i: "1e3", j: ".inf", k: "y", l: "1:30", m: "0b1", n: "0o7", o: "", p: "-", q: "=", r: "a: b", s: " c", "012": "5", "true": "true"}}`,
		"order": `name: "fusiongen"
runtime: inject: "csi"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, tree := build(t, "spec.cue", []byte(common+spec))
			rendersAsKustomize(t, tree, "")
		})
	}
}

// rendersAsKustomize compares Render with kustomize on the tree's files.
func rendersAsKustomize(t interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}, tree *gen.Tree, env string) {
	t.Helper()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	resources, err := krusty.MakeKustomizer(options).Run(inMemory(t, tree), "/t/"+gen.Root(env))
	if err != nil {
		t.Fatal(err)
	}
	want, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	got, err := tree.Render(env)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("rendered\n%s\nand by kustomize\n%s", got, want)
	}
}

// inMemory is a tree below /t for kustomize.
func inMemory(t interface{ Fatal(...any) }, tree *gen.Tree) filesys.FileSystem {
	memory := filesys.MakeFsInMemory()
	for _, f := range tree.Files() {
		if err := memory.WriteFile("/t/"+f.Path, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	return memory
}
