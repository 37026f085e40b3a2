package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var trustOperator = lint.Rule{
	ID: "FG217", Slug: "trust-operator", Severity: lint.Warning, Since: "0.1",
	Summary: "a condition on a token's claim is met when the claim is not there",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, w := range webs(set) {
			seen := map[*lint.Node]bool{}
			for _, c := range append(w.Claim("sub"), w.Claim("aud")...) {
				name := c.Operator.Value
				if seen[c.Operator] || !knownOperator(name) {
					continue
				}
				seen[c.Operator] = true
				right := strings.TrimSuffix(strings.TrimPrefix(name, "ForAllValues:"), "IfExists")
				switch {
				case right != name:
					f := report.At(c.Operator, "use "+right, "%s is also met by a token without the claim; only STS's habit of always sending it keeps the role closed", name)
					if w.Get("Condition", right) == nil {
						f.Safe(replace(c.Operator, right)...)
					}
				case strings.Contains(name, "Not"):
					report.At(c.Operator, "name who may take the role, with StringEquals", "%s lets everybody take the role but those named", name).As(lint.Error)
				}
			}
		}
	},
}
