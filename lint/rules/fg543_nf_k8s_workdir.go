package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfK8sWorkdir = lint.Rule{
	ID: "FG543", Slug: "nf-k8s-workdir", Severity: lint.Warning, Since: "0.1",
	Summary: "k8s.workDir is not the work directory of a run",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if n := t.Get("k8s.workDir"); strings.Contains(n.Text(), "://") {
				report.At(n, "write workDir at the top of the file", "k8s.workDir is a path on a shared volume for nextflow kuberun: a run takes workDir, and does not use %s", n.Value)
			}
		}
	},
}
