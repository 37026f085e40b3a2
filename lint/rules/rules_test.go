package rules_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/lint/settings"
)

const testdata = "../testdata"

// today is the day on which the trees of testdata and the examples of the pages are linted.
const today = "2026-11-01"

// TestRules: each rule finds its bad tree and nothing else in it, is silent on the good one, and its fixes lead to the fixed one.
func TestRules(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(testdata, r.ID)
			bad := run(t, os.DirFS(filepath.Join(dir, "bad")))
			if !slices.ContainsFunc(bad, func(f lint.Finding) bool { return f.Rule == r.ID }) {
				t.Errorf("%s/bad does not give %s", dir, r.ID)
			}
			only(t, r.ID, bad)
			golden(t, filepath.Join(dir, "bad.out"), text(bad))
			if good := run(t, os.DirFS(filepath.Join(dir, "good"))); len(good) > 0 {
				only(t, "", good)
			}
			fixes(t, dir, r, bad)
		})
	}
}

// run lints a tree, with its .fusiongen.yaml, and shows everything.
func run(t *testing.T, tree fs.FS) []lint.Finding {
	t.Helper()
	in, rs, s := input(t, tree)
	findings, err := lint.Run(in, rs, s.Options(today))
	if err != nil {
		t.Fatal(err)
	}
	s.MinSeverity = "hint"
	return s.Shown(findings)
}

func input(t *testing.T, tree fs.FS) (lint.Input, []lint.Rule, settings.Settings) {
	t.Helper()
	if _, err := fs.Stat(tree, "."); err != nil {
		t.Fatal("the tree is missing: ", err)
	}
	var s settings.Settings
	src, err := fs.ReadFile(tree, settings.File)
	if err == nil {
		s, err = settings.Parse(settings.File, src)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	selected, err := s.Rules(rules.All())
	if err != nil {
		t.Fatal(err)
	}
	return lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}, Exclude: s.Excluded}, selected, s
}

// only complains of findings of other rules, but for those that only miss what the tree is too small to hold.
func only(t *testing.T, id string, findings []lint.Finding) {
	t.Helper()
	for _, f := range findings {
		if f.Rule != id && !f.Absent {
			t.Errorf("unexpected: %s", text([]lint.Finding{f}))
		}
	}
}

// text is how a golden file shows findings: what a person sees, and whether it can be fixed.
func text(findings []lint.Finding) string {
	var out strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&out, "%s-%d:%d: %s %s %s: %s\n", f.Pos, f.End.Line, f.End.Column, f.Severity, f.Rule, f.Slug, f.Message)
		for _, r := range f.Related {
			fmt.Fprintf(&out, "  see %s: %s\n", r.Pos, r.Message)
		}
		fmt.Fprintf(&out, "  hint: %s\n", f.Hint)
		if f.Fix != nil {
			fmt.Fprintf(&out, "  fix: %s\n", map[bool]string{true: "unsafe", false: "safe"}[f.Fix.Unsafe])
		}
	}
	return out.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, path, string(want), got)
}

func differ(t *testing.T, name, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(want), B: difflib.SplitLines(got), FromFile: name, ToFile: "now", Context: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s differs (UPDATE=1 rewrites it where the change is meant):\n%s", name, diff)
}

// fixes: all fixes of the bad tree give the fixed one, in which the rule has nothing more to fix; a rule without fixes has
// no fixed tree.
func fixes(t *testing.T, dir string, r lint.Rule, bad []lint.Finding) {
	t.Helper()
	fixed := os.DirFS(filepath.Join(dir, "fixed"))
	_, missing := fs.Stat(fixed, ".")
	if !slices.ContainsFunc(bad, func(f lint.Finding) bool { return f.Rule == r.ID && f.Fix != nil }) {
		if missing == nil {
			t.Errorf("%s/fixed is there, but nothing in bad can be fixed", dir)
		}
		return
	}
	before := contents(t, os.DirFS(filepath.Join(dir, "bad")))
	after := maps.Clone(before)
	apply(t, after)
	if os.Getenv("UPDATE") != "" {
		write(t, filepath.Join(dir, "fixed"), after)
	}
	want := contents(t, fixed)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if w := want[name]; w != nil {
			differ(t, filepath.Join(dir, "fixed", name), string(w.Data), string(after[name].Data))
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(after))) {
		t.Errorf("%s/fixed and bad hold other files", dir)
	}
	again := maps.Clone(after)
	apply(t, again)
	for name := range after {
		differ(t, name+" after a second fix", string(after[name].Data), string(again[name].Data))
	}
}

// apply makes all fixes, the unsafe ones too.
func apply(t *testing.T, tree fstest.MapFS) {
	t.Helper()
	in, rs, s := input(t, tree)
	fixed, _, err := lint.FixAll(in, rs, s.Options(today), true, func(all []lint.Finding) []lint.Finding { return all })
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixed {
		tree[f.Name] = &fstest.MapFile{Data: f.New}
	}
}

func contents(t *testing.T, tree fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, dir string, files fstest.MapFS) {
	t.Helper()
	err := os.RemoveAll(dir)
	for name, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCatalogue: IDs ascend, slugs are unique, every field is filled in, and testdata holds no rule that is none.
func TestCatalogue(t *testing.T) {
	all := rules.All()
	slugs := map[string]bool{}
	for i, r := range all {
		if i > 0 && all[i-1].ID >= r.ID {
			t.Errorf("%s stands behind %s", r.ID, all[i-1].ID)
		}
		if slugs[r.Slug] {
			t.Errorf("%s: the slug %s is another rule's, too", r.ID, r.Slug)
		}
		slugs[r.Slug] = true
		if r.Slug == "" || r.Summary == "" || r.Since == "" || (r.Check == nil) == (r.Suppressed == nil) {
			t.Errorf("%s lacks its slug, summary, since or check", r.ID)
		}
	}
	entries, err := os.ReadDir(testdata)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "FG") && !slices.ContainsFunc(all, func(r lint.Rule) bool { return r.ID == e.Name() }) {
			t.Errorf("%s/%s is of no rule", testdata, e.Name())
		}
	}
}
