package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var roleEmpty = lint.Rule{
	ID: "FG120", Slug: "role-empty", Severity: lint.Error, Since: "0.1",
	Summary: "a binding gives a Role that grants nothing",
	Check:   checkEmptyRoles,
}

func checkEmptyRoles(set *lint.Setup, report *lint.Reporter) {
	all := ourBindings(set)
	for _, p := range fuseParts(set) {
		all = append(all, bindingsOf(set, lint.Account{Namespace: p.Namespace, Name: podAccount(p.Object).Name})...)
	}
	seen := map[*lint.Object]bool{}
	for _, b := range all {
		kind := b.Get("roleRef", "kind").Text()
		for _, role := range set.Named(kind, roleNamespace(b, kind), b.Get("roleRef", "name").Text()) {
			if seen[role] || role.Group() != "rbac.authorization.k8s.io" || role.Get("aggregationRule") != nil || slices.ContainsFunc(role.Grants(), grantsAny) {
				continue
			}
			seen[role] = true
			at := role.NameNode()
			if rules := role.Get("rules"); rules != nil && rules.File != nil {
				at = rules
			}
			report.At(at, "write the rules that its subjects need", "%s has no rule that grants anything, so whoever is bound to it is refused: a head submits no task, and a node part does not do its work", role.ID()).
				See(b.NameNode(), "this binding gives it")
		}
	}
}

// grantsAny says whether a rule has a verb and something that it is for.
func grantsAny(g lint.Grant) bool {
	return len(g.VerbsNode.List()) > 0 && (len(g.GroupsNode.List()) > 0 && len(g.Resources) > 0 || len(g.Rule.Get("nonResourceURLs").List()) > 0)
}

// bindingsOf are the bindings that name an account.
func bindingsOf(set *lint.Setup, a lint.Account) []*lint.Object {
	return slices.DeleteFunc(set.Kind("RoleBinding", "ClusterRoleBinding"), func(b *lint.Object) bool { return !holds(subjects(b), a) })
}
