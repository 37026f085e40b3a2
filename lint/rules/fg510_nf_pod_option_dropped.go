package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfPodOptionDropped = lint.Rule{
	ID: "FG510", Slug: "nf-pod-option-dropped", Severity: lint.Error, Since: "0.1",
	Summary: "several pod options in one map: Nextflow takes the first kind and drops the rest",
	Check:   checkPodOptionDropped,
}

func checkPodOptionDropped(set *lint.Setup, report *lint.Reporter) {
	for _, o := range options(set) {
		k, found, known := o.kind()
		if !found || !known {
			continue
		}
		for _, f := range o.Fields {
			if slices.Contains(kindKeys(k), f.Key.Value) {
				continue
			}
			report.At(f.Key, "write a map of its own for each option: [[…], […]]", "Nextflow takes this entry for %s and drops %s without a word", strings.Join(kindKeys(k)[:len(k.Needs)], " with "), f.Key.Value)
		}
	}
}
