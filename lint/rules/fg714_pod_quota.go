package rules

import "github.com/fusiongen/fusiongen/lint"

var podQuota = lint.Rule{
	ID: "FG714", Slug: "pod-quota", Severity: lint.Warning, Since: "0.1",
	Summary: "tasks are Pods in a namespace with a quota: what exceeds it fails",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if t.mode() != "Pod" || t.namespace() == "" {
				continue
			}
			for _, o := range inNamespace(set, "ResourceQuota", t.namespace()) {
				at := t.Get("k8s.computeResourceType")
				if at == nil {
					at = t.Begin("k8s")
				}
				f := report.At(at, "write k8s.computeResourceType = 'Job', and grant batch/jobs: a Job waits for room", "a task that does not fit into %s is refused with 403 and counts as failed (nextflow#3021), where a Job's pod would be tried again", o.ID())
				f.See(o.NameNode(), "the quota")
			}
		}
	},
}
