package rules

import "github.com/fusiongen/fusiongen/lint"

var roleUnbound = lint.Rule{
	ID: "FG109", Slug: "role-unbound", Severity: lint.Error, Since: "0.1",
	Summary: "no binding gives the head's Role to anybody",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, role := range launchers(set) {
			if bound(set, role) || nearlyBound(set, role) {
				continue
			}
			f := report.At(role.NameNode(), "bind it to the head's service account by a RoleBinding", "no binding names %s, so the head may not create a task and the first one fails with 403", role.ID())
			if len(set.Kind("ServiceAccount")) == 0 || set.Partial {
				f.NotGiven()
			}
		}
	},
}

func bound(set *lint.Setup, role *lint.Object) bool {
	for _, b := range bindings(set, role) {
		if len(b.Get("subjects").List()) > 0 {
			return true
		}
	}
	return false
}

// nearlyBound: a binding in its namespace names a role that does not exist, and FG104 says so.
func nearlyBound(set *lint.Setup, role *lint.Object) bool {
	for _, b := range ourBindings(set) {
		kind := b.Get("roleRef", "kind").Text()
		if b.Namespace == role.Namespace && len(set.Named(kind, roleNamespace(b, kind), b.Get("roleRef", "name").Text())) == 0 {
			return true
		}
	}
	return false
}
