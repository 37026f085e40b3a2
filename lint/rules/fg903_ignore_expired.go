package rules

import "github.com/fusiongen/fusiongen/lint"

var ignoreExpired = lint.Rule{
	ID: "FG903", Slug: "ignore-expired", Severity: lint.Error, Since: "0.1",
	Summary: "the last day of a suppression is over",
	Suppressed: func(s *lint.Suppression, opts lint.Options, report *lint.Reporter) {
		switch {
		case s.Expired(opts.Today):
			s.At(report, "mend what it silenced, or give it a new date and reason", "this suppression ended on %s; what it silenced is reported again", s.Until)
		case s.Until != "" && !s.Dated():
			s.At(report, "write the date as until=2027-01-31", "this suppression ends on %q, which is no date, so it never ends", s.Until)
		}
	},
}
