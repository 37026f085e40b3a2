package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nodeResources = lint.Rule{
	ID: "FG308", Slug: "node-resources", Severity: lint.Hint, Since: "0.1",
	Summary: "a node part has no resource requests or no priority",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range fuseParts(set) {
			spec := p.PodSpec()
			var lacks []string
			for _, c := range spec.Get("containers").List() {
				if c.Get("resources", "requests") == nil && len(lacks) == 0 {
					lacks = append(lacks, "resource requests")
				}
			}
			if spec.Get("priorityClassName") == nil {
				lacks = append(lacks, "priorityClassName")
			}
			if len(lacks) > 0 {
				report.At(p.NameNode(), "add resources.requests and priorityClassName: system-node-critical",
					"the %s %s has no %s: on a full node its pod stays Pending or is the first to be evicted, and then no task starts there", p.Role, p.Name, strings.Join(lacks, " and no "))
			}
		}
	},
}
