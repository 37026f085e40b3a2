package rules

import "github.com/fusiongen/fusiongen/lint"

var nfSnapshots = lint.Rule{
	ID: "FG520", Slug: "nf-snapshots", Severity: lint.Warning, Since: "0.1",
	Summary: "Fusion snapshots are switched on, which Kubernetes does not have",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if n := t.Get("fusion.snapshots"); n.IsTrue() {
				report.At(n, "remove it, and let errorStrategy retry exit code 143", "fusion.snapshots works on AWS Batch and Google Batch only: on Kubernetes a task that loses its spot node starts anew, if it is retried at all").
					Safe(lint.Replace(n, "false"))
			}
		}
	},
}
