package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var namespaceMissing = lint.Rule{
	ID: "FG608", Slug: "namespace-missing", Severity: lint.Error, Since: "0.1",
	Summary: "an object of a run has no namespace where those beside it have one",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		checkUnusedNamespaces(set, report)
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

// checkUnusedNamespaces: a root that makes a namespace which nothing in it is in, and has objects in one that it does not make, names one
// of the two wrongly.
func checkUnusedNamespaces(set *lint.Setup, report *lint.Reporter) {
	used, made := map[string]*lint.Object{}, map[string]bool{}
	for _, o := range set.Objects {
		switch {
		case o.Kind == "Namespace":
			made[o.Root+" "+o.Name] = true
		case o.Root != "" && o.Namespace != "" && used[o.Root+" "+o.Namespace] == nil:
			used[o.Root+" "+o.Namespace] = o
		}
	}
	for _, ns := range set.Kind("Namespace") {
		if ns.Root == "" || used[ns.Root+" "+ns.Name] != nil {
			continue
		}
		for key, o := range used {
			if o.Root == ns.Root && !made[key] && typo(o.Namespace, []string{ns.Name}) != "" {
				report.At(ns.NameNode(), "write "+o.Namespace, "nothing is in the namespace %s, and %s is in %s, which nothing makes: the API server refuses that and all else there", ns.Name, o.ID(), o.Namespace).
					See(o.NameNode(), "%s", o.ID())
			}
		}
	}
}
