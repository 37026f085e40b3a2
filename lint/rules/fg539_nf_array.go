package rules

import "github.com/fusiongen/fusiongen/lint"

var nfArray = lint.Rule{
	ID: "FG539", Slug: "nf-array", Severity: lint.Error, Since: "0.1",
	Summary: "the array directive, which the Kubernetes executor does not have",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			for _, s := range t.directives("array") {
				if s.Value.Known() && s.Value.Value != "0" {
					report.At(s.Name, "remove it here", "the executor k8s has no job arrays: Nextflow stops when such a process is to run")
				}
			}
		}
	},
}
