package rules

import "github.com/fusiongen/fusiongen/lint"

var nfRunAsUser = lint.Rule{
	ID: "FG529", Slug: "nf-run-as-user", Severity: lint.Error, Since: "0.1",
	Summary: "k8s.runAsUser throws k8s.securityContext away",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			user, context := t.setting("k8s.runAsUser"), t.Get("k8s.securityContext")
			if user != nil && context != nil {
				report.At(t.Key("k8s.runAsUser"), "write runAsUser inside of k8s.securityContext", "Nextflow takes k8s.runAsUser and drops k8s.securityContext (fsGroup, seccompProfile and all) without a word").See(context, "dropped")
			}
		}
	},
}
