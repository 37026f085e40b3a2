package rules

import "github.com/fusiongen/fusiongen/lint"

var rbacWildcard = lint.Rule{
	ID: "FG106", Slug: "rbac-wildcard", Severity: lint.Error, Since: "0.1",
	Summary: "the head's Role grants by a wildcard",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, role := range launchers(set) {
			for _, g := range role.Grants() {
				for _, part := range []struct {
					of   *lint.Node
					what string
				}{{g.GroupsNode, "every API group"}, {g.ResourcesNode, "every resource, secrets among them"}, {g.VerbsNode, "every verb"}} {
					for _, n := range part.of.OneOrMore() {
						if n.Text() == "*" {
							report.At(n, "name what Nextflow calls: create, list and delete on pods and batch/jobs, get on pods/status, pods/log and batch/jobs/status",
								"%s grants %s by \"*\", and so does whoever gets into the head's pod", role.ID(), part.what)
						}
					}
				}
			}
		}
	},
}
