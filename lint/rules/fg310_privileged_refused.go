package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var privilegedRefused = lint.Rule{
	ID: "FG310", Slug: "privileged-refused", Severity: lint.Error, Since: "0.1",
	Summary: "privileged task pods in a namespace whose Pod Security level refuses them",
	Check:   checkPrivilegedRefused,
}

func checkPrivilegedRefused(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		yes, known, at := t.privileged()
		if !known || !yes {
			continue
		}
		for _, ns := range t.namespaces() {
			level := enforces(ns)
			if level == nil || level.Value == "privileged" {
				continue
			}
			place := at
			if place == nil {
				place = t.Begin("fusion")
			}
			what := "Kubernetes answers 403, and the run fails at its first task"
			if t.mode() == "Job" {
				what = "each Job is accepted, its pod never comes, and Nextflow waits for ever without a message"
			}
			fact := "task pods are privileged"
			if at == nil {
				fact += " (the default of fusion.privileged)"
			}
			f := report.At(place, "set fusion.privileged = false and run a FUSE device plugin, or label the namespace "+enforceLabel+": privileged",
				"%s, and the namespace %s enforces %s: %s", fact, ns.Name, level.Value, what)
			f.See(level, "enforces %s", level.Value)
		}
	}
}

// refused says whether a namespace of the tasks takes no privileged pods.
func (t task) refused() bool {
	return slices.ContainsFunc(t.namespaces(), func(ns *lint.Object) bool {
		level := enforces(ns)
		return level != nil && level.Value != "privileged"
	})
}
