package rules

import "github.com/fusiongen/fusiongen/lint"

var cpuLimits = lint.Rule{
	ID: "FG708", Slug: "cpu-limits", Severity: lint.Error, Since: "0.1",
	Summary: "a LimitRange or quota on cpu limits, which Nextflow does not set",
	Check:   checkCPULimits,
}

func checkCPULimits(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if n := t.Get("k8s.cpuLimits"); n.IsTrue() || n.Unknown() || n == nil && !t.whole() || t.namespace() == "" {
			continue
		}
		const hint = "set k8s.cpuLimits = true"
		given := false
		for _, o := range inNamespace(set, "LimitRange", t.namespace()) {
			for _, l := range o.Get("spec", "limits").List() {
				for _, field := range [...]string{"default", "max"} {
					if n := l.Get(field, "cpu"); n != nil && l.Get("type").Text() == "Container" {
						given = true
						report.At(n, hint, "%s gives a container without a cpu limit this one, and Nextflow sets a cpu request only: a task that asks for more cpus than %s is refused", o.ID(), n.Value)
						break
					}
				}
			}
		}
		for _, o := range inNamespace(set, "ResourceQuota", t.namespace()) {
			if n := o.Get("spec", "hard", "limits.cpu"); n != nil && !given {
				report.At(n, hint, "%s bounds cpu limits, so each pod must have one, and Nextflow sets a cpu request only: every task pod is refused", o.ID())
			}
		}
	}
}

// inNamespace are the objects of a kind in the namespace of the tasks.
func inNamespace(set *lint.Setup, kind, namespace string) []*lint.Object {
	var out []*lint.Object
	for _, o := range set.Kind(kind) {
		if o.Namespace == namespace {
			out = append(out, o)
		}
	}
	return out
}
