package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfExecutor = lint.Rule{
	ID: "FG545", Slug: "nf-executor", Severity: lint.Error, Since: "0.1",
	Summary: "Kubernetes is configured, and process.executor is not k8s",
	Check:   checkExecutor,
}

func checkExecutor(set *lint.Setup, report *lint.Reporter) {
	for _, c := range set.Configs {
		for _, s := range c.Settings() {
			name := s.Value.Text()
			if s.Setting.Name == "process.executor" && name != "" && name != "k8s" && strings.HasPrefix(strings.ToLower(name), "k") {
				report.At(s.Value, "write 'k8s'", "Nextflow has no executor %s: it stops", s.Value.Value).Safe(lint.Replace(s.Value, "k8s"))
			}
		}
	}
	for _, t := range taskPods(set) {
		elsewhere := slices.ContainsFunc(t.Settings(), func(s lint.Setting) bool {
			return s.Setting.Name == "process.executor" || s.Setting.Name == "executor.name" || s.Setting.Name == "executor"
		})
		if elsewhere || !t.whole() || set.Platform() || slices.ContainsFunc(t.heads(), func(h head) bool { return h.env("NXF_EXECUTOR") != nil || h.open() }) {
			continue
		}
		report.At(t.Begin("k8s"), "add process.executor = 'k8s'", "process.executor is not set: Nextflow runs every task on the head itself, by the executor local, and submits nothing to Kubernetes")
	}
}
