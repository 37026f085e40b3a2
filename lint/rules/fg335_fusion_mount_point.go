package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var fusionMountPoint = lint.Rule{
	ID: "FG335", Slug: "fusion-mount-point", Severity: lint.Error, Since: "0.1",
	Summary: "tasks that are not root have no directory /fusion to mount on",
	Check:   checkFusionMountPoint,
}

// checkFusionMountPoint speaks of the open runtime: Wave's layer brings the directory along.
func checkFusionMountPoint(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		open := slices.ContainsFunc(t.heads(), func(h head) bool { return h.env("FUSION_ENABLED").Text() == "true" })
		if !open || !t.whole() || t.Get("wave.enabled").IsTrue() || t.mount("/fusion") != nil {
			continue
		}
		user := t.Get("k8s.runAsUser")
		if user == nil {
			user = t.Get("k8s.securityContext.runAsUser")
		}
		if (!user.Known() || user.Value == "0") && !t.mutates("runAsNonRoot: true") {
			continue
		}
		at := t.Key("k8s.pod")
		if at == nil {
			at = t.Begin("k8s")
		}
		report.At(at, "add to k8s.pod: [emptyDir: [:], mountPath: '/fusion']", "tasks do not run as root, so the runtime cannot make the directory /fusion in their containers: every task fails").
			See(user, "not root")
	}
}
