package rules

import "github.com/fusiongen/fusiongen/lint"

var scratchHostPath = lint.Rule{
	ID: "FG408", Slug: "scratch-host-path", Severity: lint.Warning, Since: "0.1",
	Summary: "tasks share a directory of the node as /tmp although each could have its own",
	Check:   checkScratchHostPath,
}

// checkScratchHostPath is silent where a DaemonSet prepares the disks: then a host path is the only way to them.
func checkScratchHostPath(set *lint.Setup, report *lint.Reporter) {
	if len(preparers(set)) > 0 {
		return
	}
	for _, t := range taskPods(set) {
		host := t.scratch().Get("hostPath")
		if host == nil {
			continue
		}
		const message = "all tasks of a node share %s as /tmp: files clash, stay when a pod is killed, and other tenants' tasks can read them"
		var by *native
		for _, n := range natives(set) {
			if n.Kubelet {
				by = &n
			}
		}
		if by == nil {
			report.At(host, "where the node puts kubelet on its NVMe disks, mount an emptyDir", message, host.Text()).As(lint.Hint)
			continue
		}
		report.At(host, "write [emptyDir: [:], mountPath: '/tmp']: it lies on the same disks", message, host.Text()).See(by.Node, "puts each emptyDir on the NVMe disks")
	}
}
