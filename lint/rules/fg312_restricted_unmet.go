package rules

import "github.com/fusiongen/fusiongen/lint"

var restrictedUnmet = lint.Rule{
	ID: "FG312", Slug: "restricted-unmet", Severity: lint.Error, Since: "0.1",
	Summary: "a namespace enforces restricted, and no admission policy gives task pods what that level asks for",
	Check:   checkRestrictedUnmet,
}

func checkRestrictedUnmet(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if !t.unprivileged() { // FG310 speaks of privileged ones
			continue
		}
		for _, ns := range t.namespaces() {
			level := enforces(ns)
			if level == nil || level.Value != "restricted" || t.mutates("allowPrivilegeEscalation") {
				continue
			}
			f := report.At(level, "add a MutatingAdmissionPolicy for pods with the label nextflow.io/app=nextflow (cluster 1.36 or later), or enforce baseline",
				"the namespace %s enforces restricted, and Nextflow cannot set allowPrivilegeEscalation, capabilities or seccompProfile of a container: Kubernetes refuses every task pod", ns.Name)
			f.See(t.Key("k8s.namespace"), "tasks run there")
		}
	}
}
