package rules

import "github.com/fusiongen/fusiongen/lint"

var hostNetwork = lint.Rule{
	ID: "FG306", Slug: "host-network", Severity: lint.Warning, Since: "0.1",
	Summary: "a node part shares the node's network without any use for it",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range fuseParts(set) {
			f := p.PodSpec().Field("hostNetwork")
			if f != nil && f.Value.IsTrue() {
				report.At(f.Key, "remove hostNetwork", "the %s %s shares the node's network, which it has no use for: it can reach the instance metadata service and the node's role", p.Role, p.Name).
					Safe(lint.RemoveField(f))
			}
		}
	},
}
