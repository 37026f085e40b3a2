package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var conditionKey = lint.Rule{
	ID: "FG221", Slug: "iam-condition-key", Severity: lint.Error, Since: "0.1",
	Summary: "a condition asks for a key that the action's requests never have",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Permissions() {
			for _, s := range p.Statements() {
				for _, c := range s.Conditions {
					checkConditionKey(report, s, c)
				}
			}
		}
	},
}

// checkConditionKey: a key that is absent fails every operator of an Allow but those that say otherwise.
func checkConditionKey(report *lint.Reporter, s lint.Statement, c lint.Condition) {
	op := c.Operator.Value
	if s.Effect != "Allow" || strings.HasSuffix(op, "IfExists") || op == "Null" || strings.HasPrefix(op, "ForAllValues:") || strings.Contains(op, "Not") {
		return
	}
	var without []string
	for _, n := range s.Actions {
		known := facts.ActionsLike(n.Value, lint.MatchPattern)
		lacks := len(known) > 0 && n.Known()
		for _, a := range known {
			lacks = lacks && !facts.HasKey(c.Key.Value, a)
		}
		if lacks {
			without = append(without, n.Value)
		}
	}
	if len(without) == 0 {
		return
	}
	report.At(c.Key, "put "+english(without)+" into a statement without this condition; a prefix goes into its Resource",
		"requests of %s never have %s, so the condition is not met and the statement does not grant %s", english(without), c.Key.Value, pronoun(without)).See(s.Get("Action"), "the actions")
}
