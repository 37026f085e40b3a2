package rules

import "github.com/fusiongen/fusiongen/lint"

var nfStageInLink = lint.Rule{
	ID: "FG518", Slug: "nf-stage-in-link", Severity: lint.Error, Since: "0.1",
	Summary: "inputs are staged as hard links, which S3 does not have",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if _, on := t.fusion(); !on {
				continue
			}
			for _, s := range t.directives("stageInMode") {
				if s.Value.Text() == "link" {
					report.At(s.Value, "write 'symlink', the default", "stageInMode 'link' makes hard links, and an object store has none: every task fails with \"Operation not supported\"").
						Safe(lint.Replace(s.Value, "symlink"))
				}
			}
		}
	},
}
