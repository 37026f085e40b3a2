package rules_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
)

var sections = []string{"What", "Why", "Bad", "Good", "Fix", "When to ignore"}

// TestPages: each rule has a page with the same sections, whose bad example gives the rule, and only it, and whose good one
// gives nothing.
func TestPages(t *testing.T) {
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			if want := fmt.Sprintf("# %s %s\n", r.ID, r.Slug); !strings.HasPrefix(r.Page, want) {
				t.Fatalf("%s.md does not begin with %q", r.ID, want)
			}
			parts := split(r.Page)
			var names []string
			for _, p := range parts {
				names = append(names, p.name)
				if strings.TrimSpace(p.text) == "" {
					t.Errorf("the section %s is empty", p.name)
				}
			}
			if !slices.Equal(names, sections) {
				t.Fatalf("the sections are %q, not %q", names, sections)
			}
			bad := run(t, example(parts[2].text))
			if !slices.ContainsFunc(bad, func(f lint.Finding) bool { return f.Rule == r.ID }) {
				t.Errorf("the bad example does not give %s", r.ID)
			}
			only(t, r.ID, bad)
			only(t, "", run(t, example(parts[3].text)))
		})
	}
}

type section struct{ name, text string }

var heading = regexp.MustCompile(`(?m)^## (.+)\n`)

func split(page string) []section {
	var out []section
	at := heading.FindAllStringSubmatchIndex(page, -1)
	for i, m := range at {
		end := len(page)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		out = append(out, section{page[m[2]:m[3]], page[m[1]:end]})
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^(`{3,}|~{3,})([^\n]*)\n(.*?)^(?:`{3,}|~{3,})$")

// example is a section as a tree: its fenced blocks under the names that they give (```yaml file=base/role.yaml), or else the
// section itself as a Markdown page.
func example(section string) fstest.MapFS {
	tree := fstest.MapFS{}
	for _, m := range fence.FindAllStringSubmatch(section, -1) {
		if _, name, named := strings.Cut(m[2], "file="); named {
			tree[filepath.ToSlash(strings.TrimSpace(name))] = &fstest.MapFile{Data: []byte(m[3])}
		}
	}
	if len(tree) == 0 {
		tree["page.md"] = &fstest.MapFile{Data: []byte(section)}
	}
	return tree
}
