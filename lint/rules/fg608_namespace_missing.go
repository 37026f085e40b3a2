package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var namespaceMissing = lint.Rule{
	ID: "FG608", Slug: "namespace-missing", Severity: lint.Error, Since: "0.1",
	Summary: "an object of a run has no namespace where those beside it have one",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		spaces := map[string][]*lint.Object{} // by root, the objects of a run that name a namespace
		ours := func(o *lint.Object) bool {
			return o.Root != "" && slices.Contains([]string{"ServiceAccount", "Role", "RoleBinding", "ConfigMap"}, o.Kind) && o.Group() != "iam.services.k8s.aws"
		}
		home := homes(set)
		for _, o := range set.Objects {
			if ours(o) && o.Namespace != "" && (home[o.Namespace] || o.Kind != "ConfigMap") {
				spaces[o.Root] = append(spaces[o.Root], o)
			}
		}
		for _, o := range set.Objects {
			if ours(o) && o.Namespace == "" && o.Get("metadata", "namespace") == nil && len(spaces[o.Root]) > 0 {
				other := spaces[o.Root][0]
				report.At(o.NameNode(), "add namespace: "+other.Namespace, "%s has no namespace, but %s beside it has: kubectl puts it into whatever namespace is current, where the others do not find it", o.ID(), other.ID()).
					See(other.NameNode(), "%s", other.ID()).Unsafe(addField(o.Get("metadata").Field("name"), "namespace", other.Namespace)...)
			}
		}
	},
}
