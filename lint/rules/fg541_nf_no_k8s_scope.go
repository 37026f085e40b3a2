package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfNoK8sScope = lint.Rule{
	ID: "FG541", Slug: "nf-no-k8s-scope", Severity: lint.Error, Since: "0.1",
	Summary: "the executor is k8s and there is no k8s scope at all, on which Nextflow 26.04 fails",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		if version := set.NextflowVersion(); version != "" && lint.AtLeast(version, "26.10") {
			return
		}
		for _, t := range taskPods(set) {
			executor := t.directive("executor")
			scope := slices.ContainsFunc(t.Settings(), func(s lint.Setting) bool {
				return s.Setting.Name == "k8s" || strings.HasPrefix(s.Setting.Name, "k8s.")
			})
			if executor.Text() == "k8s" && !scope && t.whole() {
				report.At(executor, "set k8s.namespace and k8s.serviceAccount", "there is no k8s scope: Nextflow 26.04 stops with \"Cannot invoke java.util.Map.get(Object) because opts is null\", and others use the namespace default")
			}
		}
	},
}
