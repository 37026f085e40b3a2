package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var fuseTolerations = lint.Rule{
	ID: "FG304", Slug: "fuse-tolerations", Severity: lint.Error, Since: "0.1",
	Summary: "a DaemonSet that tasks need does not tolerate the taint of the nodes that they run on",
	Check:   checkFuseTolerations,
}

func checkFuseTolerations(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, p := range t.parts() {
			list := p.PodSpec().Get("tolerations")
			for _, x := range t.taints() {
				if tolerates(list.List(), x) {
					continue
				}
				at := list
				if at == nil {
					at = p.NameNode()
				}
				f := report.At(at, "give the DaemonSet the toleration {operator: Exists}",
					"the %s %s does not run on nodes with the taint %s, where these tasks run: no task can start there", p.Role, p.Name, x)
				f.See(x.Node, "tasks run on nodes with this taint")
			}
		}
	}
}

// taints are those of nodes that the tasks run on: what pools give their nodes and tasks tolerate, and what the
// tasks' own tolerations name.
func (t task) taints() []taint {
	var out []taint
	add := func(x taint) {
		if !strings.HasPrefix(x.Key, "node.kubernetes.io/") && !slices.ContainsFunc(out, func(o taint) bool { return o.String() == x.String() }) {
			out = append(out, x)
		}
	}
	tolerations := t.tolerations()
	for _, p := range pools(t.set) {
		for _, x := range p.taints() {
			if tolerates(tolerations, x) {
				add(x)
			}
		}
	}
	for _, n := range tolerations {
		if n.Get("key").Known() {
			covered := slices.ContainsFunc(out, func(x taint) bool { return x.Key == n.Get("key").Value })
			if !covered {
				add(taint{n, n.Get("key").Value, n.Get("value").Text(), n.Get("effect").Text()})
			}
		}
	}
	return out
}
