package rules

import "github.com/fusiongen/fusiongen/lint"

var nvmeMountStrategy = lint.Rule{
	ID: "FG414", Slug: "nvme-mount-strategy", Severity: lint.Warning, Since: "0.1",
	Summary: "the NVMe disks are mounted beside kubelet, so an emptyDir does not lie on them",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, n := range natives(set) {
			if n.Kubelet || n.Value != "Mount" {
				continue
			}
			for _, t := range taskPods(set) {
				if dir := t.scratch().Get("emptyDir"); dir != nil {
					report.At(n.Node, "write strategy: RAID0", "the strategy Mount leaves kubelet's directory on the root volume, and the tasks' /tmp with it: the NVMe disks stay empty").
						See(dir, "an emptyDir lies in kubelet's directory").Unsafe(lint.Replace(n.Node, "RAID0"))
				}
			}
		}
	},
}
