package rules

import (
	"strconv"

	"github.com/fusiongen/fusiongen/lint"
)

var deviceCount = lint.Rule{
	ID: "FG320", Slug: "device-count", Severity: lint.Warning, Since: "0.1",
	Summary: "the device plugin offers fewer devices than a node takes pods",
	Check:   checkDeviceCount,
}

// leastPods is the number of pods that the smallest common node for tasks (m5.large) takes by EKS's default.
const leastPods = 29

func checkDeviceCount(set *lint.Setup, report *lint.Reporter) {
	most, where := leastPods, (*lint.Node)(nil)
	for _, u := range set.UserData {
		for _, n := range []*lint.Node{u.Get("spec", "kubelet", "config", "maxPods"), u.Get("settings", "kubernetes", "max-pods")} {
			if v, err := strconv.Atoi(n.Text()); err == nil && v > 0 {
				most, where = v, n
			}
		}
	}
	for _, d := range devices(set) {
		if d.Kind != "DaemonSet" || d.Count == 0 || d.Count >= most {
			continue
		}
		f := report.At(d.At, "raise the number of devices above the nodes' pod limit, to 1000 say: they cost nothing",
			"the plugin offers %d devices of %s on each node, and a node takes %d pods: with room for more tasks they stay Pending", d.Count, d.Name, most)
		f.See(where, "the nodes' pod limit")
	}
}
