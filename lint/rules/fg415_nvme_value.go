package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nvmeValue = lint.Rule{
	ID: "FG415", Slug: "nvme-value", Severity: lint.Error, Since: "0.1",
	Summary: "a node setting for NVMe disks has a value that does not exist",
	Check:   checkNVMeValue,
}

// checkNVMeValue: values of Karpenter's EC2NodeClass and of nodeadm's NodeConfig, from their API types.
func checkNVMeValue(set *lint.Setup, report *lint.Reporter) {
	check := func(n *lint.Node, who string, values ...string) {
		if !n.Known() || slices.Contains(values, n.Value) {
			return
		}
		f := report.At(n, "write "+strings.Join(values, " or "), "%s does not know %s: the object is refused, or the node does not join", who, n.Value)
		for _, v := range values {
			if strings.EqualFold(strings.ReplaceAll(n.Value, "-", ""), v) {
				f.Safe(lint.Replace(n, v))
			}
		}
	}
	for _, o := range set.Kind("EC2NodeClass") {
		check(o.Get("spec", "instanceStorePolicy"), "Karpenter", "RAID0")
	}
	for _, u := range set.UserData {
		if u.Kind == lint.NodeConfig {
			check(u.Get("spec", "instance", "localStorage", "strategy"), "nodeadm", "RAID0", "RAID10", "Mount")
			for _, n := range u.Get("spec", "instance", "localStorage", "disabledMounts").List() {
				check(n, "nodeadm", "Containerd", "PodLogs", "SOCI")
			}
		}
	}
}
