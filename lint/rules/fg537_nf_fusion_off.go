package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfFusionOff = lint.Rule{
	ID: "FG537", Slug: "nf-fusion-off", Severity: lint.Error, Since: "0.1",
	Summary: "the work directory is in S3, and nothing switches Fusion on",
	Check:   checkFusionOff,
}

func checkFusionOff(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		work, off := t.Get("workDir"), t.Get("fusion.enabled")
		if !strings.HasPrefix(work.Text(), "s3://") || off != nil && off.Value != "false" || !t.whole() || t.elsewhere("fusion.enabled") || set.Platform() {
			continue
		}
		const message = "nothing switches Fusion on, and task pods cannot read the work directory in S3 without it: every task fails with \"No such file or directory\""
		heads := t.heads()
		for _, h := range heads {
			n := h.env("FUSION_ENABLED")
			if n != nil && n.Text() != "false" || h.open() {
				continue
			}
			if n != nil {
				report.At(n, "write \"true\"", "Fusion is switched off, and task pods cannot read the work directory in S3 without it: every task fails with \"No such file or directory\"").See(work, "in S3")
				continue
			}
			at := h.Container.Get("env")
			if at == nil {
				at = h.Container.Get("name")
			}
			report.At(at, "add {name: FUSION_ENABLED, value: \"true\"}; for the vendor's Fusion set fusion.enabled and wave.enabled", message).See(work, "in S3")
		}
		if _, on := t.fusion(); len(heads) > 0 || on {
			continue
		}
		if off != nil {
			report.At(off, "remove it, for the open runtime with FUSION_ENABLED=true in the head's environment; for the vendor's Fusion set it and wave.enabled", message).See(work, "in S3").As(lint.Warning)
			continue
		}
		report.At(work, "set fusion.enabled and wave.enabled, or FUSION_ENABLED=true in the head's environment for the open runtime", message).As(lint.Warning)
	}
}
