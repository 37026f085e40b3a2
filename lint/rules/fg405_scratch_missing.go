package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var scratchMissing = lint.Rule{
	ID: "FG405", Slug: "scratch-missing", Severity: lint.Warning, Since: "0.1",
	Summary: "no volume is mounted at /tmp, where Fusion keeps its cache",
	Check:   checkScratchMissing,
}

func checkScratchMissing(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if _, on := t.fusion(); !on || !t.whole() || t.mount("/tmp") != nil || t.sets("FUSION_CACHE_LOCATION") || t.mutates("/tmp") ||
			slices.ContainsFunc(natives(set), func(n native) bool { return n.Kubelet }) {
			continue
		}
		at := t.Key("k8s.pod")
		if at == nil {
			at = t.Begin("k8s")
		}
		f := report.At(at, "add to k8s.pod: [emptyDir: [:], mountPath: '/tmp'], on nodes whose kubelet lies on NVMe disks",
			"nothing is mounted at /tmp: Fusion's cache grows in the container's writable layer on the node's root volume, and full, it takes the node's other pods along")
		if !hasNodeLayer(set) {
			f.NotGiven() // the nodes may put containerd on fast disks
		}
	}
}

// sets says whether a pod option gives the task pods this environment variable.
func (t task) sets(name string) bool {
	return slices.ContainsFunc(t.Options, func(o option) bool { return o.Get("env").Text() == name })
}
