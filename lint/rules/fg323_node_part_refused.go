package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePartRefused = lint.Rule{
	ID: "FG323", Slug: "node-part-refused", Severity: lint.Error, Since: "0.1",
	Summary: "a DaemonSet that tasks need is one that Kubernetes refuses, or that never runs",
	Check:   checkNodePartRefused,
}

func checkNodePartRefused(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		refuse := func(n *lint.Node, hint, message string) {
			if n == nil {
				n = p.NameNode()
			}
			report.At(n, hint, "the API server refuses the %s %s: %s", p.Role, p.Name, message)
		}
		selector := p.Get("spec", "selector")
		want := selector.Get("matchLabels")
		switch {
		case selector.Get("matchExpressions") == nil && (want == nil || len(want.Fields) == 0):
			refuse(selector, "add spec.selector.matchLabels with the template's labels", "it has no selector")
		case !picks(selector, p.Get("spec", "template", "metadata", "labels")):
			refuse(want, "give the pod template the selector's labels", "its selector does not match its own pods' labels")
		}
		for _, r := range append(refusals(p.PodSpec()), rolloutRefusals(p.Object)...) {
			refuse(r.at, r.hint, r.message)
		}
		for _, n := range lostProbes(p.PodSpec()) {
			report.At(n, "name the port in the container's ports", "the probe of the %s %s asks the port %s, which the container does not have: kubelet restarts it for ever", p.Role, p.Name, n.Value)
		}
		class := p.PodSpec().Get("priorityClassName")
		own := slices.ContainsFunc(set.Kind("PriorityClass"), func(o *lint.Object) bool { return o.Name == class.Text() })
		if class.Known() && class.Value != "system-node-critical" && class.Value != "system-cluster-critical" && !own {
			f := report.At(class, "write system-node-critical", "no PriorityClass %s is here: without it Kubernetes makes no pod of the %s %s", class.Value, p.Role, p.Name)
			if near := typo(class.Value, []string{"system-node-critical", "system-cluster-critical"}); near != "" {
				f.Safe(lint.Replace(class, near))
			} else {
				f.NotGiven()
			}
		}
	}
}
