package rules

import "github.com/fusiongen/fusiongen/lint"

var fuseNoPlugin = lint.Rule{
	ID: "FG302", Slug: "fuse-no-plugin", Severity: lint.Error, Since: "0.1",
	Summary: "unprivileged task pods ask for a FUSE device that nothing offers",
	Check:   checkFuseNoPlugin,
}

func checkFuseNoPlugin(set *lint.Setup, report *lint.Reporter) {
	offered := devices(set)
	for _, t := range taskPods(set) {
		if len(offered) > 0 || !t.unprivileged() {
			continue
		}
		name, at := t.device()
		if name == "" {
			continue
		}
		if at == nil {
			at = t.Get("fusion.privileged")
		}
		f := report.At(at, "add a device plugin that offers "+name+", or set fusion.privileged = true",
			"task pods ask for the device %s and nothing here offers it: they stay Pending, and Nextflow waits for ever", name)
		if !hasNodeLayer(set) || set.Partial {
			f.NotGiven()
		}
	}
}
