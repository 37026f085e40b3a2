package rules

import "github.com/fusiongen/fusiongen/lint"

var nfExportCredentials = lint.Rule{
	ID: "FG515", Slug: "nf-export-credentials", Severity: lint.Error, Since: "0.1",
	Summary: "the head's AWS keys are written into every task pod",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			for _, name := range [...]string{"fusion.exportStorageCredentials", "fusion.exportAwsAccessKeys"} {
				if n := t.Get(name); n.IsTrue() {
					report.At(n, "remove it, and give the tasks' service account a role (IRSA or Pod Identity)", "%s writes the head's AWS keys into every task pod as plain values: whoever may read pods of the namespace has them, and they expire under long tasks", name).
						Unsafe(lint.Replace(n, "false"))
				}
			}
		}
	},
}
