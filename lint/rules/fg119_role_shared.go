package rules

import "github.com/fusiongen/fusiongen/lint"

var roleShared = lint.Rule{
	ID: "FG119", Slug: "role-shared", Severity: lint.Hint, Since: "0.1",
	Summary: "service accounts of several namespaces have one role",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		first := map[string]*lint.Object{}
		for _, sa := range set.Kind("ServiceAccount") {
			role := sa.Get("metadata", "annotations", lint.RoleAnnotation)
			if _, ok := lint.ParseRole(role.Text()); !ok {
				continue
			}
			before := first[role.Value]
			if before == nil {
				first[role.Value] = sa
				continue
			}
			if before.Namespace != sa.Namespace {
				report.At(role, "make a role for each namespace", "%s and %s have one role, so each reads and deletes the other's data", before.ID(), sa.ID()).
					See(before.Get("metadata", "annotations", lint.RoleAnnotation), "the other account")
			}
		}
	},
}
