package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

// TestExamplesLintClean: what build makes from every example gives no finding, not even a hint; but for the vendor guide's set-up,
// whose findings are what fusiongen would change about it.
func TestExamplesLintClean(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.cue")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	for _, path := range examples {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(path)
			ws, err := schema.Load(name, src)
			if err != nil {
				t.Fatal(err)
			}
			c := cli{version: "1.2.3"}
			tree, _, err := c.tree(name, "", ws)
			if err != nil {
				t.Fatal(err)
			}
			found, err := lint.Run(generated(tree, lint.NewFile(name, src)), rules.All(), lint.Options{Today: "2026-11-01"})
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			if err := report.Write(&got, "text", report.Report{Findings: found}); err != nil {
				t.Fatal(err)
			}
			want := ""
			if name == "eks-guide.cue" {
				want = golden(t, "testdata/eks-guide.lint", got.String())
			}
			if got.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
		})
	}
}

// golden is what a file holds; UPDATE=1 writes it anew.
func golden(t *testing.T, path, got string) string {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
