package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var wildcardOperator = lint.Rule{
	ID: "FG215", Slug: "iam-wildcard-operator", Severity: lint.Error, Since: "0.1",
	Summary: "a wildcard stands under an operator that takes it literally",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Policies {
			for _, s := range p.Statements() {
				condition := s.Get("Condition")
				for _, op := range fieldsOf(condition) {
					checkOperator(report, s, condition, op)
				}
			}
		}
	},
}

func checkOperator(report *lint.Reporter, s lint.Statement, condition *lint.Node, op lint.Field) {
	name := op.Key.Value
	base := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "ForAnyValue:"), "ForAllValues:"), "IfExists")
	like := map[string]string{"StringEquals": "StringLike", "StringNotEquals": "StringNotLike"}[base]
	wild := wildcardsBelow(op.Value)
	switch {
	case like != "" && len(wild) > 0:
		right := strings.Replace(name, base, like, 1)
		consequence := "it grants nothing"
		if s.Effect == "Deny" {
			consequence = "it denies nothing"
		} else if strings.Contains(base, "Not") {
			consequence = "it excludes nothing"
		}
		f := report.At(wild[0], "use "+right, "%s takes %q literally, star and all, and no request has that value: %s", name, wild[0].Value, consequence)
		if condition.Get(right) == nil {
			f.Unsafe(replace(op.Key, right)...)
		}
	case base == "StringLike" && len(wild) == 0 && len(op.Value.Fields) > 0 && !slices.ContainsFunc(op.Value.Fields, func(f lint.Field) bool { return unknownBelow(f.Value) }):
		right := strings.Replace(name, "StringLike", "StringEquals", 1)
		f := report.At(op.Key, "use "+right, "%s has no wildcard in any value: it works as %s does, and reads as if more were meant", name, right).As(lint.Hint)
		if condition.Get(right) == nil {
			f.Safe(replace(op.Key, right)...)
		}
	}
}

// wildcardsBelow are the values of an operator's keys that have a wildcard. A ${*} is a literal star, and a question mark is
// common in values that are meant literally.
func wildcardsBelow(n *lint.Node) []*lint.Node {
	var out []*lint.Node
	for _, f := range fieldsOf(n) {
		for _, v := range f.Value.OneOrMore() {
			if v.Kind == lint.String && strings.Contains(strings.ReplaceAll(v.Value, "${*}", ""), "*") {
				out = append(out, v)
			}
		}
	}
	return out
}

func unknownBelow(n *lint.Node) bool {
	return slices.ContainsFunc(n.OneOrMore(), func(v *lint.Node) bool { return v.Unknown() || strings.ContainsAny(v.Value, "?$") })
}
