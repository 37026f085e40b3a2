package rules

import "github.com/fusiongen/fusiongen/lint"

var nfComputeDefault = lint.Rule{
	ID: "FG513", Slug: "nf-compute-default", Severity: lint.Hint, Since: "0.1",
	Summary: "k8s.computeResourceType is not written out, and its default changed",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if set.NextflowVersion() == "" && t.whole() && t.Get("k8s.computeResourceType") == nil && !t.elsewhere("k8s.computeResourceType") {
				f := report.At(t.Begin("k8s"), "write k8s.computeResourceType = 'Job' (or 'Pod'), and grant what it needs; or say --nextflow-version", "k8s.computeResourceType is not set: tasks are Pods up to Nextflow 26.04 and Jobs from 26.10 on, which need other rights (batch/jobs)")
				f.Absent = true
			}
		}
	},
}
