package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var platformAccountMissing = lint.Rule{
	ID: "FG552", Slug: "platform-account-missing", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment names a service account that its namespace does not have, or one without a role",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		accounts := set.Kind("ServiceAccount")
		for _, e := range computeEnvs(set) {
			for _, field := range []string{"headServiceAccount", "computeServiceAccount"} {
				n := e.get(field)
				if !n.Known() || n.Value == "" || n.Value == "default" {
					continue
				}
				want := lint.Account{Namespace: e.namespace(), Name: n.Value}
				i := slices.IndexFunc(accounts, func(o *lint.Object) bool { return same(want, lint.Account{Namespace: o.Namespace, Name: o.Name}) })
				switch {
				case i < 0:
					f := report.At(n, "make it, with the annotation "+lint.RoleAnnotation, "the namespace %s has no service account %s: Kubernetes never makes the pod, and Nextflow waits without a message", want.Namespace, want.Name)
					if len(accounts) == 0 {
						f.NotGiven()
					}
				case !annotated(accounts[i]) && !associated(set, want) && len(podTrusts(set)) == 0: // Pod Identity needs no annotation
					report.At(accounts[i].NameNode(), "add the annotation "+lint.RoleAnnotation+" with the role's ARN", "%s has no role, and the compute environment runs pods with it: %s", accounts[i].ID(), noCredentials).See(n, "the compute environment")
				}
			}
		}
	},
}

func annotated(o *lint.Object) bool {
	return o.Get("metadata", "annotations", lint.RoleAnnotation) != nil
}
