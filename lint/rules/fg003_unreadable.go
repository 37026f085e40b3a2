package rules

import "github.com/fusiongen/fusiongen/lint"

var unreadable = lint.Rule{
	ID: "FG003", Slug: "unreadable", Severity: lint.Error, Since: "0.1",
	Summary: "a file cannot be read as what it is, so nothing in it is checked",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Problems {
			f := report.Bytes(p.File, p.At, max(p.At, p.End), p.Message, "mend the file, or leave it out with --exclude", "%s", p.Message)
			if p.Mild {
				f.As(lint.Warning)
			}
		}
	},
}
