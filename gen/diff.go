package gen

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pmezard/go-difflib/difflib"
)

// Diff compares the tree with the directory that should hold it: a unified diff from what is there to what the spec
// says, empty when they agree. Files that the tree does not have count only if an earlier build wrote them.
func (t *Tree) Diff(dir string) ([]byte, error) {
	paths := map[string]string{}
	for path := range t.files {
		paths[path] = ""
	}
	if old, err := readSum(dir); err == nil && old != nil {
		for path := range old.Files {
			paths[path] = ""
		}
	}
	var out bytes.Buffer
	for _, path := range sorted(paths) {
		have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		want := t.files[path]
		if bytes.Equal(have, want) && (err == nil) == (want != nil) {
			continue
		}
		diff := difflib.UnifiedDiff{A: lines(have), B: lines(want), FromFile: "a/" + path, ToFile: "b/" + path, Context: 3}
		if err := difflib.WriteUnifiedDiff(&out, diff); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// lines splits text for a diff; text that is absent has none.
func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return difflib.SplitLines(string(text))
}
