package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var rootDropAll = lint.Rule{
	ID: "FG314", Slug: "root-drop-all", Severity: lint.Error, Since: "0.1",
	Summary: "a policy drops all capabilities of task containers that run as root",
	Check:   checkRootDropAll,
}

var dropsAll = regex.Lazy(`drop\S*\s*\[\s*"ALL"|\d+: ALL\n`)

func checkRootDropAll(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if !t.unprivileged() {
			continue
		}
		root := t.Get("k8s.runAsUser")
		if root == nil {
			root = t.Get("k8s.securityContext.runAsUser")
		}
		for _, p := range policies(set) {
			if !dropsAll().MatchString(p.Text) || !strings.Contains(p.Text, "spec.containers") && !strings.Contains(p.Text, "allowPrivilegeEscalation: false\n") {
				continue
			}
			nonRoot := strings.Contains(p.Text, "runAsNonRoot: true") || root.Known() && root.Value != "0"
			for _, ns := range t.namespaces() {
				if nonRoot && root.Text() != "0" || !p.reaches(set, ns) {
					continue
				}
				f := report.At(p.NameNode(), "set runAsNonRoot: true in the policy too, or keep SETFCAP",
					"%s drops all capabilities of task containers that may run as root: without SETFCAP root cannot make a user namespace, and every such task fails with EPERM", p.ID())
				f.See(root, "tasks run as this user")
			}
		}
	}
}
