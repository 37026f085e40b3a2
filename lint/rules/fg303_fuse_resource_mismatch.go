package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var fuseResourceMismatch = lint.Rule{
	ID: "FG303", Slug: "fuse-resource-mismatch", Severity: lint.Error, Since: "0.1",
	Summary: "the configuration asks for a device under another name than the device plugin offers",
	Check:   checkFuseResourceMismatch,
}

func checkFuseResourceMismatch(set *lint.Setup, report *lint.Reporter) {
	offered := devices(set)
	for _, t := range taskPods(set) {
		name, at := t.device()
		if len(offered) == 0 || name == "" || !t.unprivileged() ||
			slices.ContainsFunc(offered, func(d device) bool { return d.Name == name || d.Name == "" }) {
			continue
		}
		d := offered[0]
		isKey := at != nil && at.Kind == lint.String
		if at == nil {
			at = t.Get("fusion.privileged")
		}
		f := report.At(at, "write k8s.fuseDevicePlugin = ['"+d.Name+"': 1]",
			"task pods ask for the device %s, but %s offers %s: they stay Pending, and Nextflow waits for ever", name, d.ID(), d.Name)
		f.See(d.At, "offers %s", d.Name)
		if isKey {
			f.Unsafe(lint.Replace(at, d.Name))
		}
	}
}
