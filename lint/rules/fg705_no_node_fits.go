package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var noNodeFits = lint.Rule{
	ID: "FG705", Slug: "no-node-fits", Severity: lint.Error, Since: "0.1",
	Summary: "no NodePool of the set-up has nodes on which the tasks can run",
	Check:   checkNoNodeFits,
}

func checkNoNodeFits(set *lint.Setup, report *lint.Reporter) {
	all := pools(set)
	for _, t := range taskPods(set) {
		if len(all) == 0 || staticNodes(set) || !t.whole() || slices.ContainsFunc(all, t.fits) {
			continue
		}
		p := all[0]
		for _, x := range p.taints() {
			if x.Effect != "PreferNoSchedule" && !tolerates(t.tolerations(), x) && !strings.Contains(x.Key, "gpu") {
				at := t.Key("k8s.pod")
				if at == nil {
					at = t.Begin("k8s")
				}
				report.At(at, "add to k8s.pod: [toleration: [key: '"+x.Key+"', operator: 'Exists', effect: '"+x.Effect+"']]",
					"tasks do not tolerate the taint %s of the pool %s, and no other pool is here: they stay Pending", x, p.Name).See(x.Node, "the taint")
			}
		}
		for _, l := range t.selector() {
			if !p.mayHave(l.Key, l.Value) {
				report.At(l.At, "give the pool's nodes the label, or select what they have", "tasks select nodes with %s=%s, which no pool here has: they stay Pending", l.Key, l.Value).See(p.NameNode(), "the pool %s", p.Name)
			}
		}
	}
}
