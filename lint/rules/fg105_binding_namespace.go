package rules

import "github.com/fusiongen/fusiongen/lint"

var bindingNamespace = lint.Rule{
	ID: "FG105", Slug: "binding-namespace", Severity: lint.Hint, Since: "0.1",
	Summary: "a binding's service account has no namespace",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, b := range ourBindings(set) {
			for _, s := range b.Get("subjects").List() {
				if s.Get("kind").Text() != "ServiceAccount" || s.Get("namespace") != nil || !s.Get("name").Known() {
					continue
				}
				if b.Kind == "ClusterRoleBinding" {
					report.At(s.Get("name"), "add namespace: with the account's namespace",
						"%s names the service account %s without its namespace, and the API server refuses that", b.ID(), s.Get("name").Value).As(lint.Error)
					continue
				}
				if b.Namespace == "" {
					continue // kubectl apply -n and kustomize set both
				}
				report.At(s.Get("name"), "add namespace: "+b.Namespace,
					"%s names the service account %s without its namespace: a RoleBinding then takes its own, a ClusterRoleBinding made of it is refused", b.ID(), s.Get("name").Value).
					Safe(addField(s.Field("name"), "namespace", b.Namespace)...)
			}
		}
	},
}
