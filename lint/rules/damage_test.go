package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
)

// TestDamaged: no rule trusts a document to be whole. Values of the bad trees of RBAC, IAM and kustomize are removed, emptied
// and replaced in turn, beside the rest of their tree, and linted: one in ten, or each with FUSIONGEN_SOAK=1.
func TestDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("it lints some thousand trees")
	}
	dirs, err := filepath.Glob(filepath.Join(testdata, "FG[126]*", "bad"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no trees: ", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(filepath.Dir(dir)), func(t *testing.T) {
			t.Parallel()
			tree := contents(t, os.DirFS(dir))
			for name := range tree {
				if ext := filepath.Ext(name); ext == ".json" || ext == ".yaml" {
					damage(t, tree, name)
				}
			}
		})
	}
}

// damage lints the tree with each damage to one file; a file of more documents than one is damaged as JSON lines that YAML reads.
func damage(t *testing.T, tree fstest.MapFS, name string) {
	t.Helper()
	whole := tree[name]
	defer func() { tree[name] = whole }()
	var docs []any
	for dec := yaml.NewDecoder(bytes.NewReader(whole.Data)); ; {
		var doc any
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return // it is bad by itself
		}
		docs = append(docs, doc)
	}
	if len(whole.Data) > 4000 {
		return // long lists add nothing but time
	}
	n, step := len(name), 10
	if os.Getenv("FUSIONGEN_SOAK") != "" {
		step = 1
	}
	alter(&docs, func() {
		if n++; n%step != 0 {
			return
		}
		var text bytes.Buffer
		for i, doc := range docs {
			if i > 0 {
				text.WriteString("---\n")
			}
			line, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
		tree[name] = &fstest.MapFile{Data: text.Bytes()}
		if _, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}}, rules.All(), lint.Options{Today: today}); err != nil {
			t.Fatal(err)
		}
	})
}

// alter visits each value below docs: absent, null, of another kind.
func alter(docs *[]any, visit func()) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				value := v[key]
				delete(v, key)
				visit()
				for _, other := range []any{nil, "x", 7, []any{}, map[string]any{"x": "y"}} {
					v[key] = other
					visit()
				}
				v[key] = value
				walk(value)
			}
		case []any:
			for i, value := range v {
				for _, other := range []any{nil, "x", []any{"x"}} {
					v[i] = other
					visit()
				}
				v[i] = value
				walk(value)
			}
		}
	}
	for _, doc := range *docs {
		walk(doc)
	}
}
