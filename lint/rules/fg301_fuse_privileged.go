package rules

import "github.com/fusiongen/fusiongen/lint"

var fusePrivileged = lint.Rule{
	ID: "FG301", Slug: "fuse-privileged", Severity: lint.Warning, Since: "0.1",
	Summary: "task pods are privileged although the set-up has a FUSE device plugin, or could have one",
	Check:   checkFusePrivileged,
}

func checkFusePrivileged(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		yes, known, at := t.privileged()
		if !known || !yes || t.refused() {
			continue // FG310 says more of the latter
		}
		place := at
		if place == nil {
			place = t.Begin("fusion")
		}
		hint := "set fusion.privileged = false"
		if at == nil {
			hint += " (its default is true)"
		}
		offered := devices(set)
		if len(offered) == 0 {
			report.At(place, hint+" and add a FUSE device plugin", "task pods are privileged: a program in a task's container has the node's devices and can leave the container").NotGiven()
			continue
		}
		f := report.At(place, hint, "task pods are privileged although %s offers the FUSE device: a program in a task's container can leave it, for nothing", offered[0].ID())
		f.See(offered[0].At, "the device plugin")
		if at != nil {
			f.Unsafe(lint.Replace(at, "false"))
		}
	}
}
