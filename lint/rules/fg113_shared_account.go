package rules

import "github.com/fusiongen/fusiongen/lint"

var sharedAccount = lint.Rule{
	ID: "FG113", Slug: "shared-account", Severity: lint.Hint, Since: "0.1",
	Summary: "tasks run as a service account that may create pods",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		seen := map[lint.Account]bool{}
		for _, role := range launchers(set) {
			for _, b := range bindings(set, role) {
				for _, s := range b.Get("subjects").List() {
					a := lint.Account{Namespace: s.Get("namespace").Text(), Name: s.Get("name").Text()}
					if a.Namespace == "" {
						a.Namespace = b.Namespace
					}
					for task, setting := range tasks(set) {
						if !same(task, a) || a.Name == "" || seen[a] {
							continue
						}
						seen[a] = true
						report.At(setting, "give tasks an account of their own, without a binding, and set k8s.serviceAccount to it",
							"tasks run as %s, which may create pods: the code of any pipeline can start pods with every secret and account of the namespace", a).
							See(s.Get("name"), "%s gives it %s", b.ID(), role.ID())
					}
				}
			}
		}
	},
}
