package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
)

// TestBrokenRule: a rule that panics is named with the set-up it broke on, keeps what it found before, and all else is linted.
func TestBrokenRule(t *testing.T) {
	var none *lint.Object
	broken := lint.Rule{ID: "FG994", Slug: "broken", Severity: lint.Hint, Check: func(set *lint.Setup, report *lint.Reporter) {
		report.At(set.Objects[0].NameNode(), "", "before")
		if strings.HasPrefix(set.Name, "a") {
			report.At(none.NameNode(), "", "never")
		}
	}}
	late := lint.Rule{ID: "FG993", Slug: "late", Suppressed: func(*lint.Suppression, lint.Options, *lint.Reporter) { panic("late") }}
	marked := saBase + "# fusiongen:ignore FG306 because\n"
	tree := lint.FromFS(fstest.MapFS{"a/sa.yaml": {Data: []byte(saBase)}, "b/sa.yaml": {Data: []byte(marked)}})
	found, err := lint.Run(lint.Input{Tree: tree, Paths: []string{"a", "b"}}, []lint.Rule{broken, complaints, late}, lint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s %s %s %v: %s", f.Pos, f.Severity, f.Rule, f.Broken, f.Message))
	}
	want := `a/sa.yaml:1:1 error FG994 true: the rule FG994 broken broke on the set-up a, and what else it would find there is not known: runtime error: invalid memory address or nil pointer dereference
a/sa.yaml:4:9 hint FG994 false: before
a/sa.yaml:4:9 hint FG995 false: account nextflow-head
b/sa.yaml:1:1 error FG993 true: the rule FG993 late broke on a suppression, and what else it would find there is not known: late
b/sa.yaml:4:9 hint FG994 false: before
b/sa.yaml:4:9 hint FG995 false: account nextflow-head`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// TestNoPlace: what a rule reports without a place stands at the begin of its set-up.
func TestNoPlace(t *testing.T) {
	rule := lint.Rule{ID: "FG994", Check: func(set *lint.Setup, report *lint.Reporter) {
		report.At(nil, "", "no node").See(nil, "nothing")
		report.At(&lint.Node{Start: 7, End: 9}, "", "no file")
	}}
	tree := lint.FromFS(fstest.MapFS{"sa.yaml": {Data: []byte(saBase)}, "x.json": {Data: []byte(`{"nextflow": `)}})
	for path, want := range map[string]string{".": "sa.yaml:1:1", "x.json": "x.json:1:1"} {
		found, err := lint.Run(lint.Input{Tree: tree, Paths: []string{path}}, []lint.Rule{rule}, lint.Options{})
		if err != nil || len(found) != 2 || found[0].Pos.String() != want || found[1].Pos.String() != want || found[0].Broken || found[1].Broken {
			t.Errorf("%s: %v, %v", path, found, err)
		}
	}
}
