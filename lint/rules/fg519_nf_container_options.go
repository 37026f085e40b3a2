package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nfContainerOptions = lint.Rule{
	ID: "FG519", Slug: "nf-container-options", Severity: lint.Warning, Since: "0.1",
	Summary: "options of the docker command, which Kubernetes does not read",
	Check:   checkContainerOptions,
}

// checkContainerOptions speaks of what stands with the executor: pipelines that run anywhere have containerOptions in files of
// their own.
func checkContainerOptions(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		executor := t.setting("process.executor")
		if executor == nil {
			continue
		}
		for _, s := range t.Settings() {
			name := s.Setting.Name
			if !slices.Contains([]string{"process.containerOptions", "docker.runOptions", "docker.temp"}, name) || s.Profile != executor.Profile || s.Value.Known() && s.Value.Value == "" {
				continue
			}
			hint := "use the pod directive, or k8s.pod, for what Kubernetes can do; an admission policy for the rest"
			report.At(s.Name, hint, "%s is not read on Kubernetes: what it asks for (shared memory, users, ulimits, mounts) is silently absent", name)
		}
	}
}
