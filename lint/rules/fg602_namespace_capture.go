package rules

import (
	"maps"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var namespaceCapture = lint.Rule{
	ID: "FG602", Slug: "kustomize-namespace-capture", Severity: lint.Error, Since: "0.1",
	Summary: "a kustomization's namespace moves objects that belong to another one",
	Check:   checkCapture,
}

// checkCapture: where all objects name one namespace, moving it is the purpose. Where they name several, or one of the cluster's
// own, objects are moved along that nobody meant.
func checkCapture(set *lint.Setup, report *lint.Reporter) {
	for _, k := range set.Kustomizations {
		ns := k.Node.Get("namespace")
		if !ns.Known() {
			continue
		}
		from := map[string][]*lint.Object{} // by the namespace that the file says
		for _, o := range renderedBelow(set, k) {
			if before := o.Origin.Get("metadata", "namespace").Text(); before != "" && o.Kind != "Namespace" {
				from[before] = append(from[before], o)
			}
		}
		strangers := slices.Sorted(maps.Keys(from))
		if own := slices.ContainsFunc(strangers, systemNamespace); own {
			strangers = slices.DeleteFunc(strangers, func(s string) bool { return !systemNamespace(s) })
		} else if len(strangers) == 1 {
			continue
		}
		strangers = slices.DeleteFunc(strangers, func(s string) bool { return s == ns.Value })
		if len(strangers) > 0 {
			reportCapture(report, ns, strangers, from)
		}
	}
}

func reportCapture(report *lint.Reporter, ns *lint.Node, strangers []string, from map[string][]*lint.Object) {
	var moved []string
	for _, space := range strangers {
		for _, o := range from[space] {
			if name := o.Kind + " " + space + "/" + o.Name; !slices.Contains(moved, name) {
				moved = append(moved, name)
			}
		}
	}
	f := report.At(ns, "set namespace only in a kustomization whose objects are all of one namespace; keep the node part in one of its own",
		"this namespace moves %s into %s: what looks for them where their files say does not find them", english(moved), ns.Value)
	for _, space := range strangers {
		f.See(from[space][0].Origin.Get("metadata", "namespace"), "%s is of %s", from[space][0].Kind, space)
	}
}

// systemNamespace: nobody means to move what belongs to the cluster.
func systemNamespace(ns string) bool {
	return ns == "kube-system" || ns == "kube-public" || ns == "kube-node-lease" || ns == "karpenter"
}
