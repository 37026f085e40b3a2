package gen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestComponents: each component, alone on the tree of examples/minimal, adds and changes exactly the kinds of object
// that its header names. A patch that matches nothing changes nothing, and so fails here. That tree has the node volumes
// as a base, so that their component goes on a tree of the same spec without them.
func TestComponents(t *testing.T) {
	minimal := example(t, "minimal.cue")
	for _, name := range gen.ComponentNames() {
		spec := minimal
		if name == "node-volumes" {
			spec = slices.Concat(minimal, []byte("runtime: inject: \"baked\"\nscratch: volume: \"emptyDir\"\n"))
		}
		ws, tree := build(t, "minimal.cue", spec)
		before := objects(t, tree, nil)
		files, err := gen.Component(ws, gen.Options{Version: "v1.0.0"}, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		adds, changes := header(t, name, files["kustomization.yaml"])
		after := objects(t, tree, files)
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
func objects(t *testing.T, tree *gen.Tree, component map[string][]byte) map[string]string {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	write := func(path string, data []byte) {
		if err := memory.WriteFile(path, data); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range tree.Files() {
		write("/t/"+f.Path, f.Data)
	}
	for path, data := range component {
		write("/t/components/it/"+path, data)
	}
	if component != nil {
		root, err := memory.ReadFile("/t/kustomization.yaml")
		if err != nil {
			t.Fatal(err)
		}
		write("/t/kustomization.yaml", append(root, "components:\n  - components/it\n"...))
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/t")
	if err != nil {
		t.Fatal(err)
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
func header(t *testing.T, name string, data []byte) (adds, changes []string) {
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
