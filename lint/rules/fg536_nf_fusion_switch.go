package rules

import "github.com/fusiongen/fusiongen/lint"

var nfFusionSwitch = lint.Rule{
	ID: "FG536", Slug: "nf-fusion-switch", Severity: lint.Error, Since: "0.1",
	Summary: "the head's FUSION_ENABLED does not do what it says",
	Check:   checkFusionSwitch,
}

func checkFusionSwitch(set *lint.Setup, report *lint.Reporter) {
	for _, h := range headContainers(set) {
		n := h.env("FUSION_ENABLED")
		if n.Known() && n.Value != "true" && n.Value != "false" {
			report.At(n, "write \"true\"", "Nextflow takes FUSION_ENABLED for on only when it is exactly true: with %q Fusion is off, and tasks look for the work directory as a local path", n.Value).
				Safe(lint.Replace(n, "true"))
		}
	}
	for _, t := range taskPods(set) {
		off := t.Get("fusion.enabled")
		if off == nil || !off.Known() || off.Value != "false" {
			continue
		}
		for _, h := range t.heads() {
			if n := h.env("FUSION_ENABLED"); n.Text() == "true" {
				report.At(off, "remove fusion.enabled from the configuration", "fusion.enabled = false wins over the head's FUSION_ENABLED: Fusion is off, and tasks look for the work directory as a local path").
					See(n, "without effect")
			}
		}
	}
}
