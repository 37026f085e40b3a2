package rules

import "github.com/fusiongen/fusiongen/lint"

var ignoreUnused = lint.Rule{
	ID: "FG902", Slug: "ignore-unused", Severity: lint.Warning, Since: "0.1",
	Summary: "a suppression silences nothing",
	Suppressed: func(s *lint.Suppression, opts lint.Options, report *lint.Reporter) {
		if s.Used || len(s.Rules) == 0 || s.Expired(opts.Today) || !s.Known && opts.Selected || opts.Joined {
			return
		}
		f := s.At(report, "remove it", "this suppression silences nothing: no finding of %s stands here", s)
		if e, ok := s.Remove(); ok {
			f.Safe(e)
		}
	},
}
