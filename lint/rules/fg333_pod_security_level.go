package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var podSecurityLevel = lint.Rule{
	ID: "FG333", Slug: "pod-security-level", Severity: lint.Error, Since: "0.1",
	Summary: "a namespace's Pod Security label has a value that is no level",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		levels := []string{"privileged", "baseline", "restricted"}
		for _, ns := range set.Kind("Namespace") {
			labels := ns.Get("metadata", "labels")
			if labels == nil {
				continue
			}
			for _, f := range labels.Fields {
				mode, found := strings.CutPrefix(f.Key.Value, "pod-security.kubernetes.io/")
				if !found || strings.HasSuffix(mode, "-version") || !f.Value.Known() || slices.Contains(levels, f.Value.Value) {
					continue
				}
				x := report.At(f.Value, "write privileged, baseline or restricted", "%q is no Pod Security level: the API server refuses the label, or takes restricted for it and refuses the pods", f.Value.Value)
				if near := typo(strings.ToLower(f.Value.Value), levels); near != "" {
					x.Unsafe(lint.Replace(f.Value, near))
				}
			}
		}
	},
}
