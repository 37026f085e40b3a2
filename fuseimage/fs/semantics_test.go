package fs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSemanticsPage: each sentence of docs/semantics.md that promises something names tests, and these exist.
func TestSemanticsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := declared(t, "..")
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	promises := 0
	for _, item := range items(string(page)) {
		promises++
		if !named.MatchString(item) {
			t.Errorf("no test is named for: %s", item)
		}
	}
	if promises < 40 {
		t.Errorf("only %d promises were found on the page", promises)
	}
	for _, m := range named.FindAllStringSubmatch(string(page), -1) {
		if !tests[m[1]] {
			t.Errorf("there is no %s", m[1])
		}
	}
}

// items returns the list items of a page, each as one line.
func items(page string) []string {
	var out []string
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "- "):
			out = append(out, strings.TrimSpace(line))
		case strings.HasPrefix(line, "  ") && len(out) > 0:
			out[len(out)-1] += " " + strings.TrimSpace(line)
		}
	}
	return out
}

// declared returns the names of all tests below dir.
func declared(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	pattern := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, "_test.go") {
			return err
		}
		text, err := os.ReadFile(p)
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			out[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
