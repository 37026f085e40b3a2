package rules

import "github.com/fusiongen/fusiongen/lint"

var nodeClassUnused = lint.Rule{
	ID: "FG716", Slug: "node-class-unused", Severity: lint.Error, Since: "0.1",
	Summary: "a node class that no NodePool uses, where there is no pool at all",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		if len(pools(set)) > 0 || set.Partial {
			return
		}
		for _, o := range set.Kind("EC2NodeClass", "NodeClass") {
			if group, known := classGroups[o.Kind]; known && o.Group() == group && o.Name != "default" {
				report.At(o.NameNode(), "add a NodePool whose nodeClassRef names it", "no NodePool is here that uses the %s: Karpenter starts no node with it, and tasks stay Pending", o.ID())
			}
		}
	},
}
