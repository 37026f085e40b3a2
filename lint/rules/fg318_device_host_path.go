package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var deviceHostPath = lint.Rule{
	ID: "FG318", Slug: "device-host-path", Severity: lint.Error, Since: "0.1",
	Summary: "/dev/fuse is mounted as a host path, which gives no right to open it",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, o := range options(set) {
			if n := o.Get("hostPath"); strings.TrimRight(n.Text(), "/") == "/dev/fuse" {
				report.At(n, "remove the entry, run a FUSE device plugin and set fusion.privileged = false",
					"/dev/fuse as a host path is there but cannot be opened: the container's device cgroup refuses it with EPERM unless the pod is privileged, which needs no host path")
			}
		}
	},
}
