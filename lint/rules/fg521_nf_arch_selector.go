package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfArchSelector = lint.Rule{
	ID: "FG521", Slug: "nf-arch-selector", Severity: lint.Warning, Since: "0.1",
	Summary: "tasks are built for an architecture that nothing makes them run on",
	Check:   checkArchSelector,
}

func checkArchSelector(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		n := t.directive("arch")
		if v := n.Get("name"); v != nil {
			n = v
		}
		arch := architecture(n.Text())
		if arch == "" {
			continue
		}
		selected := ""
		for _, l := range t.selector() {
			if l.Key == "kubernetes.io/arch" || l.Key == "beta.kubernetes.io/arch" {
				selected = l.Value
			}
		}
		var others []string
		for _, p := range pools(set) {
			if t.fits(p) {
				others = append(others, p.archs()...)
			}
		}
		switch {
		case selected == arch || selected == "" && len(others) > 0 && !slices.ContainsFunc(others, func(a string) bool { return a != arch }):
		case selected != "":
			report.At(n, "make arch and the nodeSelector agree", "process.arch says %s and the tasks select nodes of %s: every task fails with \"exec format error\"", arch, selected).As(lint.Error)
		case arch == "arm64" || slices.Contains(others, "arm64"):
			report.At(n, "add [nodeSelector: 'kubernetes.io/arch="+arch+"'] to k8s.pod", "arch chooses images of %s and no nodes: on a node of the other architecture a task fails with \"exec format error\"", arch)
		}
	}
}

// architecture is the Kubernetes name in a value of Nextflow's arch directive.
func architecture(text string) string {
	switch {
	case strings.Contains(text, "arm64"), strings.Contains(text, "aarch64"):
		return "arm64"
	case strings.Contains(text, "amd64"), strings.Contains(text, "x86_64"):
		return "amd64"
	}
	return ""
}
