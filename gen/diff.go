package gen

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/pmezard/go-difflib/difflib"
)

// Diff compares the tree with the directory that should hold it: a unified diff from what is there to what the spec
// says, empty when they agree. Files that the tree does not have count only if an earlier build wrote them.
func (t *Tree) Diff(dir string) ([]byte, error) {
	paths := map[string]string{}
	for name := range t.files {
		paths[name] = ""
	}
	if old, err := readSum(dir); err == nil && old != nil {
		for name := range old.Files {
			paths[name] = ""
		}
	}
	var out bytes.Buffer
	for _, name := range sorted(paths) {
		have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		want := t.files[name]
		if bytes.Equal(have, want) && (err == nil) == (want != nil) {
			continue
		}
		diff := difflib.UnifiedDiff{A: lines(have), B: lines(want), FromFile: "a/" + name, ToFile: "b/" + name, Context: 3}
		if err := difflib.WriteUnifiedDiff(&out, diff); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// Replaced says, for each compute environment of dir that the tree would make anew, which of its fields change: none of
// them can be changed in Platform.
func (t *Tree) Replaced(dir string) (map[string][]string, error) {
	out := map[string][]string{}
	for file, want := range t.files {
		if path.Base(file) != "compute-env.json" {
			continue
		}
		have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a new one replaces nothing
		}
		if err != nil {
			return nil, err
		}
		if fields := ReplacedFields(have, want); len(fields) > 0 {
			out[file] = fields
		}
	}
	return out, nil
}

// lines splits text for a diff; text that is absent has none.
func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return difflib.SplitLines(string(text))
}
