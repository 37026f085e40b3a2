package gen_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/schematest"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
	"sigs.k8s.io/kustomize/api/krusty"
)

// build loads and builds a spec that is right.
func build(t interface{ Fatalf(string, ...any) }, name string, src []byte) (*schema.Workspace, *gen.Tree) {
	ws, err := schema.Load(name, src)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	tree, err := gen.Build(ws, gen.Options{Version: "1.2.3", SpecPath: "../" + name})
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return ws, tree
}

func environments(ws *schema.Workspace) []string {
	if len(ws.Environments) == 0 {
		return []string{""}
	}
	var names []string
	for _, e := range ws.Environments {
		names = append(names, e.Name)
	}
	return names
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestGolden: the tree of every example is what testdata has; UPDATE=1 writes it.
func TestGolden(t *testing.T) {
	examples, _ := filepath.Glob("../examples/*.cue")
	for _, path := range examples {
		name := filepath.Base(path)
		_, tree := build(t, name, example(t, name))
		var archive txtar.Archive
		for _, f := range tree.Files() {
			if f.Path != gen.SumFile {
				archive.Files = append(archive.Files, txtar.File{Name: f.Path, Data: f.Data})
			}
		}
		got, golden := txtar.Format(&archive), filepath.Join("testdata", "golden", strings.TrimSuffix(name, ".cue")+".txtar")
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the tree differs from %s (%v); UPDATE=1 go test ./gen writes it anew, git diff shows how", name, golden, err)
		}
	}
}

// TestRandomSpecs: whatever valid spec, the tree builds and renders as kustomize renders it; the order of the spec's
// fields, and a second build, change no byte.
func TestRandomSpecs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := schematest.Data(t)
		first, second := schematest.Shuffle(t, data), schematest.Shuffle(t, data)
		ws, tree := build(t, "spec.json", first)
		_, again := build(t, "spec.json", second)
		files, others := tree.Files(), again.Files()
		if len(files) != len(others) {
			t.Fatalf("%d files, then %d", len(files), len(others))
		}
		for i, f := range files {
			if f.Path != others[i].Path || !bytes.Equal(f.Data, others[i].Data) {
				t.Fatalf("%s differs for another order of the fields", f.Path)
			}
		}
		for _, env := range environments(ws) {
			rendersAsKustomize(t, tree, env)
		}
	})
}

// TestBasesAlone: every base is a kustomization that builds alone, so that different teams can own them.
func TestBasesAlone(t *testing.T) {
	examples, _ := filepath.Glob("../examples/*.cue")
	for _, path := range examples {
		_, tree := build(t, filepath.Base(path), example(t, filepath.Base(path)))
		memory := inMemory(t, tree)
		bases := 0
		for _, f := range tree.Files() {
			dir, isBase := strings.CutSuffix(f.Path, "/kustomization.yaml")
			if !isBase || !strings.Contains(dir, "base/") {
				continue
			}
			bases++
			if _, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/t/"+dir); err != nil {
				t.Errorf("%s: %s: %v", path, dir, err)
			}
		}
		if bases < 2 {
			t.Errorf("%s: only %d bases", path, bases)
		}
	}
}

// TestTreeIsFS: the linter sees a tree as an fs.FS.
func TestTreeIsFS(t *testing.T) {
	_, tree := build(t, "minimal.cue", example(t, "minimal.cue"))
	seen := 0
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			seen++
		}
		return err
	})
	if err != nil || seen != len(tree.Files()) {
		t.Errorf("the walk saw %d of %d files: %v", seen, len(tree.Files()), err)
	}
}
