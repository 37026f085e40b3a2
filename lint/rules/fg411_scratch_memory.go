package rules

import "github.com/fusiongen/fusiongen/lint"

var scratchMemory = lint.Rule{
	ID: "FG411", Slug: "scratch-memory", Severity: lint.Warning, Since: "0.1",
	Summary: "Fusion's cache lies in memory",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if n := t.scratch().Get("emptyDir", "medium"); n.Text() == "Memory" {
				report.At(n, "leave medium out", "/tmp is a tmpfs: Fusion's cache and the tools' files count against the task's memory, and the pod is killed (OOM) when they fill it")
			}
		}
	},
}
