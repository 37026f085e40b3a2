package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nfFusionWithoutWave = lint.Rule{
	ID: "FG505", Slug: "nf-fusion-without-wave", Severity: lint.Error, Since: "0.1",
	Summary: "fusion.enabled without wave.enabled: Nextflow stops at the start",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			fusion, wave := t.Get("fusion.enabled"), t.Get("wave.enabled")
			if !fusion.IsTrue() || wave.IsTrue() || wave.Unknown() || wave == nil && (!t.whole() || t.elsewhere("wave.enabled")) {
				continue
			}
			if slices.ContainsFunc(t.heads(), func(h head) bool { return h.env("NXF_DISABLE_WAVE_SERVICE") != nil || h.open() }) {
				continue
			}
			f := report.At(fusion, "set wave.enabled = true; for the open runtime leave fusion.enabled out and set FUSION_ENABLED=true in the head's environment",
				"fusion.enabled without wave.enabled: Nextflow stops with \"Fusion feature requires enabling Wave service\"")
			f.See(wave, "Wave is off here")
			if wave != nil {
				f.Unsafe(lint.Replace(wave, "true"))
			}
		}
	},
}
