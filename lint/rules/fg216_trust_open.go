package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var trustOpen = lint.Rule{
	ID: "FG216", Slug: "trust-open", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy lets other pods of the cluster take the role",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, w := range webs(set) {
			if w.Effect != "Allow" {
				continue
			}
			subs := w.Claim("sub")
			if len(subs) == 0 {
				report.At(w.Provider, `add a condition: StringEquals, ":sub" of the issuer, "system:serviceaccount:NAMESPACE:NAME"`,
					"no condition on the subject limits who may take the role: every service account of the cluster can")
				continue
			}
			for _, c := range subs {
				for _, v := range c.Values {
					checkSubjectPattern(report, c, v)
				}
			}
		}
	},
}

// checkSubjectPattern: under an operator that takes wildcards literally FG215 reports them.
func checkSubjectPattern(report *lint.Reporter, c lint.Condition, v *lint.Node) {
	if !likes(c.Operator.Value) || !v.Known() || !strings.Contains(v.Value, "*") || strings.Contains(c.Operator.Value, "Not") {
		return
	}
	rest, _ := strings.CutPrefix(v.Value, "system:serviceaccount:")
	ns, _, _ := strings.Cut(rest, ":")
	if strings.Contains(ns, "*") || ns == rest {
		report.At(v, "write the namespace and the account in full", "%q also covers service accounts of other namespaces: whoever may create a namespace can take the role", v.Value)
		return
	}
	report.At(v, "write the account in full", "%q covers every such service account of namespace %s: whoever may create one there can take the role", v.Value, ns).As(lint.Warning)
}
