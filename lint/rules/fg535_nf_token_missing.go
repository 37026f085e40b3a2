package rules

import "github.com/fusiongen/fusiongen/lint"

var nfTokenMissing = lint.Rule{
	ID: "FG535", Slug: "nf-token-missing", Severity: lint.Error, Since: "0.1",
	Summary: "fusion.enabled, and the head in the cluster has no Platform token",
	Check:   checkTokenMissing,
}

// checkTokenMissing speaks of heads that the set-up holds; a head elsewhere has its own environment.
func checkTokenMissing(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		fusion := t.Get("fusion.enabled")
		if version := set.NextflowVersion(); !fusion.IsTrue() || version != "" && !lint.AtLeast(version, "25.04.5") || t.Get("tower.accessToken") != nil || set.Platform() {
			continue
		}
		for _, h := range t.heads() {
			if h.env("TOWER_ACCESS_TOKEN") != nil || h.env("TOWER_WORKFLOW_ID") != nil || h.open() {
				continue
			}
			at := h.Container.Get("env")
			if at == nil {
				at = h.Container.Get("name")
			}
			report.At(at, "add {name: TOWER_ACCESS_TOKEN, valueFrom: {secretKeyRef: {name: …, key: …}}}", "fusion.enabled needs a Seqera Platform token since Nextflow 25.04.5, and this head has none: the run stops at once").See(fusion, "switched on here")
		}
	}
}
