package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
)

// shout reports every scalar that is "bad", in all kinds of documents.
var shout = lint.Rule{ID: "FG997", Slug: "bad-word", Severity: lint.Error, Check: func(set *lint.Setup, report *lint.Reporter) {
	for _, root := range set.Roots() {
		root.Walk(func(_ string, n *lint.Node) {
			if n.Value == "bad" {
				report.At(n, "say good", "a bad word")
			}
		})
	}
	for _, spec := range set.Specs {
		for _, d := range spec.Diagnostics {
			at := spec.File.Offset(d.Pos.Line, d.Pos.Column)
			report.Bytes(spec.File, at, at, "", "mend it", "a bad spec")
		}
	}
}}

// tell reports each suppression, as the rules of FG9 see it.
var tell = lint.Rule{ID: "FG999", Slug: "tell", Suppressed: func(s *lint.Suppression, o lint.Options, report *lint.Reporter) {
	_, removable := s.Remove()
	s.At(report, "", "%s|%s|%s|used %v|known %v|expired %v|removable %v", s, s.Until, s.Reason, s.Used, s.Known, s.Expired(o.Today), removable)
}}

// TestSuppressions: a comment silences its line, or the next one where it stands alone; in a page the fenced block behind it; an
// annotation its whole object.
func TestSuppressions(t *testing.T) {
	const object = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: nextflow\n"
	tests := []struct {
		name, file, text string
		left             []int  // lines that are still reported
		told             string // of the first suppression
	}{
		{"YAML, same line", "a.yaml", object + "a: bad # fusiongen:ignore FG997 old cluster\nb: bad\n", []int{6}, "FG997||old cluster|used true|known true|expired false|removable true"},
		{"YAML, line above", "a.yaml", object + "# fusiongen:ignore bad-word until=2026-12-31 old cluster\na: bad\nb: bad\n", []int{7}, "bad-word|2026-12-31|old cluster|used true|known true|expired false|removable true"},
		{"expired", "a.yaml", object + "a: bad # fusiongen:ignore FG997 until=2026-10-31 old cluster\n", []int{5}, "FG997|2026-10-31|old cluster|used false|known true|expired true|removable true"},
		{"last day", "a.yaml", object + "a: bad # fusiongen:ignore FG997 until=2026-11-01 old cluster\n", nil, "FG997|2026-11-01|old cluster|used true|known true|expired false|removable true"},
		{"no date", "a.yaml", object + "a: bad # fusiongen:ignore FG997 until=soon old cluster\n", nil, "FG997|soon|old cluster|used true|known true|expired false|removable true"},
		{"wrong rule", "a.yaml", object + "a: bad # fusiongen:ignore FG100 why\n", []int{5}, "FG100||why|used false|known false|expired false|removable true"},
		{"several, wildcard", "a.yaml", object + "a: bad # fusiongen:ignore FG100,FG99* why\n", nil, "FG100,FG99*||why|used true|known true|expired false|removable true"},
		{"nothing named", "a.yaml", object + "a: bad # fusiongen:ignore\n", []int{5}, "no rule|||used false|known false|expired false|removable true"},
		{"CRLF", "a.yaml", strings.ReplaceAll(object+"# fusiongen:ignore FG997 why\na: bad\nb: bad\n", "\n", "\r\n"), []int{7}, "FG997||why|used true|known true|expired false|removable true"},
		{"Groovy", "nextflow.config", "process.executor = 'k8s'\nk8s {\n  // fusiongen:ignore FG997 why\n  namespace = 'bad'\n}\nparams.x = 'bad'\n", []int{6}, "FG997||why|used true|known true|expired false|removable true"},
		{"CUE", "spec.cue", "name: \"x\"\ncluster: {}\nstorage: {work: \"s3://acme-work\"} // fusiongen:ignore FG997 why\n", []int{2}, "FG997||why|used false|known true|expired false|removable true"},
		{"Markdown", "page.md", "# Nextflow\n\n<!-- fusiongen:ignore FG997 why -->\n```yaml\n" + object + "a: bad\n```\n\n```yaml\n" + object + "a: bad\n```\n", []int{17}, "FG997||why|used true|known true|expired false|removable true"},
		{"annotation", "a.yaml", object + "  annotations:\n    fusiongen/ignore: \"FG100: no; bad-word: until=2027-01-01 our choice\"\na: bad\n---\n" + object + "a: bad\n", []int{13}, "FG100||no|used false|known false|expired false|removable false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := fstest.MapFS{test.file: {Data: []byte(test.text)}}
			found, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}}, []lint.Rule{shout, tell}, lint.Options{Today: "2026-11-01"})
			if err != nil {
				t.Fatal(err)
			}
			var left []int
			told := ""
			for _, f := range found {
				if f.Rule == "FG997" {
					left = append(left, f.Pos.Line)
				} else if told == "" {
					told = f.Message
				}
			}
			if told != test.told {
				t.Errorf("the suppression is %s, want %s", told, test.told)
			}
			if test.name == "CUE" { // the schema's complaints are its own
				return
			}
			if !slices.Equal(left, test.left) {
				t.Errorf("left are lines %v, want %v", left, test.left)
			}
		})
	}
}

// TestSuppressionSurvivesRendering: a comment in the origin silences the rendered value.
func TestSuppressionSurvivesRendering(t *testing.T) {
	tree := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("namespace: demo\nresources: [sa.yaml]\n")},
		"sa.yaml":            {Data: []byte(saBase + "    one: bad # fusiongen:ignore FG997 why\n    two: bad\n")},
	}
	found, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}}, []lint.Rule{shout}, lint.Options{})
	if err != nil || len(found) != 1 || found[0].Pos.String() != "sa.yaml:8:10" {
		t.Errorf("got %v, %v", fmt.Sprint(found), err)
	}
}

// TestMatches: names of rules.
func TestMatches(t *testing.T) {
	for name, want := range map[string]bool{"FG203": true, "trust-region": true, "FG2*": true, "trust-*": true, "all": true, "FG20": false, "trust": false, "": false} {
		if got := lint.Matches(name, "FG203", "trust-region"); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
