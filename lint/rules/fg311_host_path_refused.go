package rules

import "github.com/fusiongen/fusiongen/lint"

var hostPathRefused = lint.Rule{
	ID: "FG311", Slug: "host-path-refused", Severity: lint.Error, Since: "0.1",
	Summary: "task pods mount a host path in a namespace whose Pod Security level refuses it",
	Check:   checkHostPathRefused,
}

func checkHostPathRefused(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, o := range t.Options {
			n := o.Get("hostPath")
			if n == nil || o.Get("mountPath") == nil {
				continue
			}
			for _, ns := range t.namespaces() {
				level := enforces(ns)
				if level == nil || level.Value == "privileged" {
					continue
				}
				what := "Kubernetes answers 403, and the run fails at its first task"
				if t.mode() == "Job" {
					what = "each Job is accepted, its pod never comes, and Nextflow waits for ever without a message"
				}
				f := report.At(n, "mount an emptyDir (on nodes whose kubelet lies on the NVMe disks) or a csi volume, or label the namespace "+enforceLabel+": privileged",
					"task pods mount a directory of the node, and the namespace %s enforces %s: %s", ns.Name, level.Value, what)
				f.See(level, "enforces %s", level.Value)
			}
		}
	}
}
