package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfDigestWave = lint.Rule{
	ID: "FG542", Slug: "nf-digest-wave", Severity: lint.Error, Since: "0.1",
	Summary: "a container by digest, to which Wave cannot add Fusion",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			wave := t.Get("wave.enabled")
			if !wave.IsTrue() || !t.Get("fusion.enabled").IsTrue() {
				continue
			}
			for _, s := range t.directives("container") {
				if strings.Contains(s.Value.Text(), "@sha256:") {
					report.At(s.Value, "name the image by a tag; wave.freeze makes one with a digest of its own", "Wave cannot add Fusion to an image that is named by its digest: it answers 400, and the process fails").See(wave, "Wave is on")
				}
			}
		}
	},
}
