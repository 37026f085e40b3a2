package rules

import "github.com/fusiongen/fusiongen/lint"

var ignoreNoReason = lint.Rule{
	ID: "FG901", Slug: "ignore-no-reason", Severity: lint.Warning, Since: "0.1",
	Summary: "a suppression gives no reason, or names no rule",
	Suppressed: func(s *lint.Suppression, _ lint.Options, report *lint.Reporter) {
		switch {
		case len(s.Rules) == 0:
			s.At(report, "name the rule and the reason: fusiongen:ignore FG301 kernel module needed", "this suppression names no rule, so it silences nothing")
		case s.Reason == "":
			s.At(report, "write what makes it acceptable here: fusiongen:ignore "+s.String()+" kernel module needed",
				"this suppression gives no reason, so nobody can tell when it may go")
		}
	},
}
