package rules

import "github.com/fusiongen/fusiongen/lint"

var nfProcessSecret = lint.Rule{
	ID: "FG522", Slug: "nf-process-secret", Severity: lint.Error, Since: "0.1",
	Summary: "the secret directive, which the Kubernetes executor does not support",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			for _, s := range t.directives("secret") {
				report.At(s.Name, "write pod = [[env: 'NAME', secret: 'SECRET-NAME/KEY']] with a Kubernetes Secret", "Nextflow's secrets reach tasks of local and grid executors and of AWS Batch only: on Kubernetes the run stops, or the variable is missing in the task")
			}
		}
	},
}
