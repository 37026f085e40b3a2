package rules

import "github.com/fusiongen/fusiongen/lint"

var taskDisrupted = lint.Rule{
	ID: "FG707", Slug: "task-disrupted", Severity: lint.Warning, Since: "0.1",
	Summary: "Karpenter may remove nodes under running tasks to save money",
	Check:   checkTaskDisrupted,
}

func checkTaskDisrupted(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if t.annotation("karpenter.sh/do-not-disrupt") != nil || !t.whole() {
			continue
		}
		for _, p := range pools(set) {
			policy := p.Get("spec", "disruption", "consolidationPolicy")
			if policy.Text() == "WhenEmpty" || policy.Unknown() || p.Get("spec", "disruption", "consolidateAfter").Text() == "Never" || !t.fits(p) {
				continue
			}
			at := policy
			if at == nil {
				at = p.NameNode()
			}
			report.At(at, "add to k8s.pod: [annotation: 'karpenter.sh/do-not-disrupt', value: 'true'], or set consolidationPolicy: WhenEmpty",
				"Karpenter moves pods off nodes of the pool %s that are not full, and a task cannot be moved: it is killed and starts anew, if it is retried", p.Name)
		}
	}
}
