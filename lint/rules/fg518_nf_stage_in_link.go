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
				if s.Value.Text() != "link" {
					continue
				}
				message, severity := "stageInMode 'link' makes hard links, and an object store has none: every task fails with \"Operation not supported\"", lint.Error
				if !t.Get("fusion.enabled").IsTrue() {
					message, severity = "stageInMode 'link' makes hard links, which the open runtime has within one bucket only: tasks with inputs from another one fail with \"Invalid cross-device link\"", lint.Warning
				}
				report.At(s.Value, "write 'symlink', the default", message).As(severity).Safe(lint.Replace(s.Value, "symlink"))
			}
		}
	},
}
