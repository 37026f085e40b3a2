package main

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/schematest"
)

// theirs are rules that find what a random spec itself gets wrong: an upstream plugin asked for a resource that it does not offer, a
// cache as large as its disk, a pool that is asked for labels which no pool may set.
var theirs = map[string]bool{"FG303": true, "FG410": true, "FG705": true}

// TestRandomSpecsLint: whatever valid spec, build does not refuse its own tree.
func TestRandomSpecsLint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := schematest.Spec().Draw(t, "spec")
		ws, err := schema.Load("spec.json", src)
		if err != nil {
			t.Fatal(err)
		}
		c := cli{version: "1.2.3"}
		tree, _, err := c.tree("spec.json", "", ws)
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.lintGenerated(tree, lint.NewFile("spec.json", src), "", ws, rules.All(), lint.Options{Today: "2026-11-01"})
		if err != nil {
			t.Fatal(err)
		}
		var wrong []lint.Finding
		for _, f := range found {
			if f.Severity == lint.Error && !theirs[f.Rule] {
				wrong = append(wrong, f)
			}
		}
		if len(wrong) > 0 {
			var out strings.Builder
			if err := report.Write(&out, "text", report.Report{Findings: wrong}); err != nil {
				t.Fatal(err)
			}
			inject, _ := gen.Injection(ws)
			t.Fatalf("inject %s, scratch %+v, nodes %+v\n%s", inject, ws.Scratch, ws.Nodes, out.String())
		}
	})
}
