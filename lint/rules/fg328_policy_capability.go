package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var policyCapability = lint.Rule{
	ID: "FG328", Slug: "policy-capability", Severity: lint.Error, Since: "0.1",
	Summary: "a policy gives task pods SYS_ADMIN in a namespace whose Pod Security level refuses it",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			for _, p := range policies(set) {
				if !strings.Contains(p.Text, "SYS_ADMIN") {
					continue
				}
				for _, ns := range t.namespaces() {
					level := enforces(ns)
					if level == nil || level.Value == "privileged" || !p.reaches(set, ns) {
						continue
					}
					report.At(p.NameNode(), "leave the capability out (an unprivileged mount needs none), or label the namespace "+enforceLabel+": privileged",
						"%s adds SYS_ADMIN to task pods, and the namespace %s enforces %s: Kubernetes refuses every task pod", p.ID(), ns.Name, level.Value).
						See(level, "enforces %s", level.Value)
				}
			}
		}
	},
}
