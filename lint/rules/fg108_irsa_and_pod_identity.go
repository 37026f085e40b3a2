package rules

import "github.com/fusiongen/fusiongen/lint"

var twoIdentities = lint.Rule{
	ID: "FG108", Slug: "irsa-and-pod-identity", Severity: lint.Warning, Since: "0.1",
	Summary: "a service account has a role by IRSA and by Pod Identity",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, a := range associations(set) {
			for _, sa := range set.Named("ServiceAccount", a.account.Namespace, a.account.Name) {
				role := sa.Get("metadata", "annotations").Field(lint.RoleAnnotation)
				if role == nil {
					continue
				}
				f := report.At(role.Key, "remove the annotation, or the association",
					"%s also has a Pod Identity association, which pods take first: this annotation has no effect while the agent runs", sa.ID()).
					See(a.nameNode, "the association")
				if a.role.Known() && role.Value.Known() && a.role.Value != role.Value.Value {
					f.As(lint.Error).Message = sa.ID() + " has the role " + role.Value.Value + " by IRSA and " + a.role.Value + " by Pod Identity: pods take the second, or the first where the agent does not run"
				}
			}
		}
	},
}
