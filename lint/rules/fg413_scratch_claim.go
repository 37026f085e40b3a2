package rules

import "github.com/fusiongen/fusiongen/lint"

var scratchClaim = lint.Rule{
	ID: "FG413", Slug: "scratch-claim", Severity: lint.Warning, Since: "0.1",
	Summary: "every task pod mounts a claim that Fusion makes needless",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			s := t.setting("k8s.storageClaimName")
			if _, on := t.fusion(); !on || s == nil || !truthy(t.Get("k8s.storageClaimName")) {
				continue
			}
			report.At(t.Key("k8s.storageClaimName"), "remove k8s.storageClaimName", "every task pod mounts a shared volume although the work directory is in S3: it ties the pods to the volume's zone, and they stay Pending where it cannot be attached").
				Unsafe(t.RemoveSetting(*s))
		}
	},
}
