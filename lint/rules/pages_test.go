package rules_test

import (
	"fmt"
	"os"
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
			if want := fmt.Sprintf("# %s %s\n", r.ID, r.Slug); !strings.HasPrefix(r.Page(), want) {
				t.Fatalf("%s.md does not begin with %q", r.ID, want)
			}
			parts := split(r.Page())
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

const docs = "../../docs/rules"

// TestDocs: docs/rules holds the pages, and an index of them; UPDATE=1 makes both anew.
func TestDocs(t *testing.T) {
	all := slices.SortedFunc(slices.Values(slices.Concat(rules.All(), rules.Live())), func(a, b lint.Rule) int { return strings.Compare(a.ID, b.ID) })
	want := map[string]string{"README.md": index(all)}
	for _, r := range all {
		want[r.ID+".md"] = r.Page()
	}
	have, err := filepath.Glob(docs + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range have {
		name := filepath.Base(path)
		if _, ok := want[name]; !ok && strings.HasPrefix(name, "FG") {
			if os.Getenv("UPDATE") == "" {
				t.Errorf("%s is of no rule", path)
			} else if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		golden(t, filepath.Join(docs, name), text)
	}
}

// index lists the rules by family.
func index(all []lint.Rule) string {
	families := map[byte]string{
		'0': "Specs and files", '1': "RBAC and service accounts", '2': "IAM", '3': "FUSE and pod security", '4': "NVMe and scratch",
		'5': "nextflow.config and Seqera Platform", '6': "kustomize and GitOps", '7': "Nodes and autoscaling", '8': "Live drift", '9': "Suppressions",
	}
	var out strings.Builder
	out.WriteString("# The rules of `fusiongen lint`\n\nEach page says what a rule finds, why that matters, and what to do; `fusiongen explain FG203` prints it from the program.\n" +
		"An error is a run that fails, hangs or leaks; a warning fails in some situation, or grants more than is used; a hint, shown with `--pedantic`, is worth knowing.\n" +
		"Fix: what `--fix` mends (safe), and what only `--fix --unsafe` does.\n")
	family := byte(0)
	for _, r := range all {
		if r.ID[2] != family {
			family = r.ID[2]
			fmt.Fprintf(&out, "\n## FG%c: %s\n\n| rule | slug | severity | what it finds | fix |\n|---|---|---|---|---|\n", family, families[family])
		}
		fmt.Fprintf(&out, "| [%s](%s.md) | %s | %s | %s | %s |\n", r.ID, r.ID, r.Slug, r.Severity, strings.ReplaceAll(r.Summary, "|", "\\|"), fixOf(r.ID))
	}
	return out.String()
}

// fixOf is how the findings of a rule's bad tree can be mended, as its golden file says.
func fixOf(id string) string {
	src, _ := os.ReadFile(filepath.Join(testdata, id, "bad.out")) // another test says when it is missing
	switch text := string(src); {
	case strings.Contains(text, "  fix: safe\n"):
		return "safe"
	case strings.Contains(text, "  fix: unsafe\n"):
		return "unsafe"
	}
	return ""
}
