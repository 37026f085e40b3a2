package gen_test

import (
	"slices"
	"strings"
	"testing"

	"io/fs"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/overlays"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestComponents: each component, alone on the tree of examples/minimal, adds and changes exactly the kinds of object
// that its header names. A patch that matches nothing changes nothing, and so fails here.
func TestComponents(t *testing.T) {
	_, tree := build(t, "minimal.cue", example(t, "minimal.cue"))
	before := objects(t, tree, "")
	for _, name := range overlays.Names() {
		adds, changes := header(t, name)
		after := objects(t, tree, name)
		var added, changed []string
		for id, text := range after {
			kind, _, _ := strings.Cut(id, "/")
			switch old, was := before[id]; {
			case !was:
				added = append(added, kind)
			case old != text:
				changed = append(changed, kind)
			}
		}
		for id := range before {
			if _, is := after[id]; !is {
				t.Errorf("%s removes %s", name, id)
			}
		}
		if got := unique(added); !slices.Equal(got, adds) {
			t.Errorf("%s adds %v, its header says %v", name, got, adds)
		}
		if got := unique(changed); !slices.Equal(got, changes) {
			t.Errorf("%s changes %v, its header says %v", name, got, changes)
		}
	}
}

// objects renders the tree with one component, and returns each object's text by kind/namespace/name.
func objects(t *testing.T, tree *gen.Tree, component string) map[string]string {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	for _, f := range tree.Files() {
		if err := memory.WriteFile("/t/"+f.Path, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if component != "" {
		dir, err := overlays.Component(component)
		if err != nil {
			t.Fatal(err)
		}
		names, _ := fs.Glob(dir, "*")
		for _, n := range names {
			data, err := fs.ReadFile(dir, n)
			if err != nil {
				t.Fatal(err)
			}
			if err := memory.WriteFile("/t/components/"+component+"/"+n, data); err != nil {
				t.Fatal(err)
			}
		}
		root, err := memory.ReadFile("/t/kustomization.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := memory.WriteFile("/t/kustomization.yaml", append(root, "components:\n  - components/"+component+"\n"...)); err != nil {
			t.Fatal(err)
		}
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/t")
	if err != nil {
		t.Fatalf("%s: %v", component, err)
	}
	return texts(t, resources)
}

func texts(t *testing.T, resources resmap.ResMap) map[string]string {
	out := map[string]string{}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		out[r.GetKind()+"/"+r.GetNamespace()+"/"+r.GetName()] = string(text)
	}
	return out
}

// header reads the lines "# adds:" and "# changes:" of a component; entries are KIND or KIND/NAME.
func header(t *testing.T, name string) (adds, changes []string) {
	dir, err := overlays.Component(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := fs.ReadFile(dir, "kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if entries, ok := strings.CutPrefix(line, "# adds: "); ok {
			adds = kinds(entries)
		}
		if entries, ok := strings.CutPrefix(line, "# changes: "); ok {
			changes = kinds(entries)
		}
	}
	if adds == nil && changes == nil {
		t.Errorf("%s says neither what it adds nor what it changes", name)
	}
	return adds, changes
}

func kinds(entries string) []string {
	var out []string
	for e := range strings.FieldsSeq(entries) {
		kind, _, _ := strings.Cut(e, "/")
		out = append(out, kind)
	}
	return unique(out)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
