package rules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
)

// The fuzz targets run every rule on a text of each kind: nothing panics, every place lies inside its file, and fixes apply and come to
// an end. The seeds are the bad trees.

func FuzzYAML(f *testing.F)     { fuzz(f, "x.yaml", ".yaml", ".yml") }
func FuzzJSON(f *testing.F)     { fuzz(f, "x.json", ".json") }
func FuzzConfig(f *testing.F)   { fuzz(f, "nextflow.config", ".config") }
func FuzzMarkdown(f *testing.F) { fuzz(f, "x.md", ".md") }

func fuzz(f *testing.F, name string, extensions ...string) {
	err := filepath.WalkDir(testdata, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains(extensions, filepath.Ext(path)) {
			return err
		}
		src, err := os.ReadFile(path)
		f.Add(string(src))
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	if name == "x.md" {
		for _, r := range rules.All() {
			f.Add(r.Page())
		}
	}
	places := lint.Rule{ID: "FG000", Check: func(set *lint.Setup, _ *lint.Reporter) {
		for _, root := range set.Roots() {
			root.Walk(func(path string, n *lint.Node) {
				if n.Start < 0 || n.Start > n.End || n.End > len(n.File.Src) {
					f.Errorf("%s stands at %d to %d of %d bytes", path, n.Start, n.End, len(n.File.Src))
				}
			})
		}
	}}
	all := append(rules.All(), places)
	f.Fuzz(func(t *testing.T, src string) {
		in := lint.Input{Tree: lint.FromFS(fstest.MapFS{name: {Data: []byte(src)}}), Paths: []string{name}}
		opts := lint.Options{Today: today, Nextflow: "25.04.0", Kubernetes: "1.34"}
		found, err := lint.Run(in, all, opts)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(src, "\n") + 1
		for _, f := range found {
			if f.Broken {
				t.Error(f.Message)
			}
			if f.Pos.Line < 1 || f.Pos.Line > lines || f.Pos.Column < 1 || f.End.Line < f.Pos.Line || f.End.Line > lines {
				t.Errorf("%s stands at %v to %v of %d lines", f.Rule, f.Pos, f.End, lines)
			}
		}
		if _, _, err := lint.FixAll(in, all, opts, true, func(all []lint.Finding) []lint.Finding { return all }); err != nil {
			t.Error(err)
		}
	})
}
