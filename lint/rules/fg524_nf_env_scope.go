package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfEnvScope = lint.Rule{
	ID: "FG524", Slug: "nf-env-scope", Severity: lint.Warning, Since: "0.1",
	Summary: "a variable in the env scope that comes too late, or that bash changes",
	Check:   checkEnvScope,
}

func checkEnvScope(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, s := range t.Settings() {
			name, found := strings.CutPrefix(s.Setting.Name, "env.")
			if !found || s.Profile != "" && s.Profile != t.Profile {
				continue
			}
			switch {
			case strings.HasPrefix(name, "NXF_"), name == "TOWER_ACCESS_TOKEN" && !written(s.Value):
				report.At(s.Name, "set it in the environment of the head", "%s in the env scope does nothing: the scope is for tasks, and Nextflow reads its own variables from the head's environment", name)
			case strings.HasPrefix(name, "FUSION_"):
				report.At(s.Name, "add [env: '"+name+"', value: '…'] to k8s.pod", "%s in the env scope is set by the task's script, which Fusion has mounted and started already: it does nothing", name)
			case s.Value.Kind == lint.String && s.Value.Known() && strings.ContainsAny(s.Value.Value, "`\""):
				report.At(s.Value, "leave quotes and backquotes out, or set the variable by k8s.pod", "the value goes between double quotes in the task's script, and bash reads the quotes and backquotes in it as its own")
			}
		}
	}
}
