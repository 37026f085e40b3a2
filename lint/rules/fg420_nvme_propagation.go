package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nvmePropagation = lint.Rule{
	ID: "FG420", Slug: "nvme-propagation", Severity: lint.Error, Since: "0.1",
	Summary: "a preparer mounts the disks where only itself sees them",
	Check:   checkNVMePropagation,
}

var mountsDisk = regex.Lazy(`(?m)(?:^|[;&|\s])mount\s+(?:-\S+\s+(?:[^\s/]\S*\s+)?)*\S*(?:/dev/|\$)`)
var entersHost = regex.Lazy(`\bnsenter\b|\bchroot\b|/proc/1/`)

func checkNVMePropagation(set *lint.Setup, report *lint.Reporter) {
	for _, p := range preparers(set) {
		if p.Script == nil || !mountsDisk().MatchString(p.Script.Value) || entersHost().MatchString(p.Script.Value) {
			continue
		}
		shared := false
		for _, m := range p.Container.Get("volumeMounts").List() {
			shared = shared || m.Get("mountPropagation").Text() == "Bidirectional"
		}
		if !shared {
			report.At(p.Script, "set mountPropagation: Bidirectional on the hostPath's volumeMount, or mount with nsenter -t 1 -m",
				"the disks are mounted in the container's own namespace: tasks see an empty directory of the root volume, and the mount goes with the pod")
		}
	}
}
