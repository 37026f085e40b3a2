package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var policyInvalid = lint.Rule{
	ID: "FG332", Slug: "policy-invalid", Severity: lint.Error, Since: "0.1",
	Summary: "an admission policy for task pods that is refused, or never meets a pod",
	Check:   checkPolicyInvalid,
}

func checkPolicyInvalid(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("MutatingAdmissionPolicy") {
		const refused = "the API server refuses the policy, and task pods are not changed"
		wrong := func(n *lint.Node, hint, message string) {
			if n == nil {
				n = o.NameNode()
			}
			report.At(n, hint, "%s: %s", message, refused)
		}
		spec := o.Get("spec")
		checkConstraints(o, report)
		for field, words := range map[string][]string{"failurePolicy": {"Fail", "Ignore"}, "reinvocationPolicy": {"IfNeeded", "Never"}} {
			if n := spec.Get(field); n.Known() && !slices.Contains(words, n.Value) || n == nil && field == "reinvocationPolicy" {
				wrong(n, "write "+field+": "+words[0], field+" is "+words[0]+" or "+words[1])
			}
		}
		for _, c := range spec.Get("matchConditions").List() {
			if c.Get("name") == nil || c.Get("expression") == nil {
				wrong(c, "write name and expression", "a match condition lacks its name or expression")
			}
			checkExpression(c.Get("expression"), wrong)
		}
		if len(spec.Get("mutations").List()) == 0 {
			wrong(spec.Get("mutations"), "write mutations", "the policy has no mutations")
		}
		for _, m := range spec.Get("mutations").List() {
			field := map[string]string{"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}[m.Get("patchType").Text()]
			switch {
			case m.Get("patchType").Unknown():
			case field == "":
				at := m.Get("patchType")
				if at == nil {
					at = m
				}
				wrong(at, "write patchType: JSONPatch or ApplyConfiguration", "a mutation's patchType is JSONPatch or ApplyConfiguration")
			case m.Get(field, "expression") == nil:
				wrong(m, "write "+field+": {expression: …}", "a mutation lacks the expression of its patchType")
			default:
				checkExpression(m.Get(field, "expression"), wrong)
			}
		}
	}
}

// checkConstraints: a policy for pods must say that it is for their creation.
func checkConstraints(o *lint.Object, report *lint.Reporter) {
	rules := o.Get("spec", "matchConstraints", "resourceRules").List()
	has := func(n *lint.Node, words ...string) bool {
		return slices.ContainsFunc(n.List(), func(x *lint.Node) bool { return x.Unknown() || slices.Contains(words, x.Value) })
	}
	if slices.ContainsFunc(rules, func(r *lint.Node) bool {
		return has(r.Get("apiGroups"), "", "*") && has(r.Get("apiVersions"), "v1", "*") && has(r.Get("operations"), "CREATE", "*") && has(r.Get("resources"), "pods", "*", "*/*", "pods/*")
	}) {
		return
	}
	at := o.Get("spec", "matchConstraints")
	if at == nil {
		at = o.NameNode()
	}
	if strings.Contains(policyText(o), "nextflow.io/app") || len(rules) == 0 {
		report.At(at, "write resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}]",
			"%s is not applied when pods are created: task pods are not changed", o.ID())
	}
}

func policyText(o *lint.Object) string {
	var out strings.Builder
	o.Walk(func(_ string, n *lint.Node) { out.WriteString(n.Value + "\n") })
	return out.String()
}

// checkExpression looks at the form of a CEL expression only: its brackets and quotes, and what follows a bracket.
func checkExpression(n *lint.Node, wrong func(*lint.Node, string, string)) {
	if !n.Known() {
		return
	}
	var open []byte
	quote := byte(0)
	text := n.Value
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
				c = ')'
			}
		case c == '"' || c == '\'':
			quote = c
			continue
		case strings.IndexByte("([{", c) >= 0:
			open = append(open, c)
		case strings.IndexByte(")]}", c) >= 0:
			if len(open) == 0 || strings.IndexByte("([{", open[len(open)-1]) != strings.IndexByte(")]}", c) {
				wrong(n, "mend the brackets", "the CEL expression has a bracket that matches none")
				return
			}
			open = open[:len(open)-1]
		}
		if quote == 0 && strings.IndexByte(")]}", c) >= 0 && i+1 < len(text) && (text[i+1] >= 'a' && text[i+1] <= 'z' || text[i+1] >= 'A' && text[i+1] <= 'Z') {
			wrong(n, "mend the expression", "a word stands directly behind a bracket or text in the CEL expression")
			return
		}
	}
	if len(open) > 0 || quote != 0 {
		wrong(n, "close it", "the CEL expression has a bracket or quote that is not closed")
	}
}
