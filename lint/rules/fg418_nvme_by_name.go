package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nvmeByName = lint.Rule{
	ID: "FG418", Slug: "nvme-by-name", Severity: lint.Error, Since: "0.1",
	Summary: "a script formats disks by their kernel names, which change",
	Check:   checkNVMeByName,
}

var kernelName = regex.Lazy(`/dev/nvme[0-9]+n[0-9]+|/dev/nvme[\[*?$][^\s"']*`)

func checkNVMeByName(set *lint.Setup, report *lint.Reporter) {
	for _, s := range scripts(set) {
		if name := kernelName().FindString(s.Value); name != "" {
			report.At(s, "choose disks by their model, Amazon EC2 NVMe Instance Storage, in /sys/block/*/device/model",
				"the script formats %s: kernel names change with each boot and are shared with EBS, so it can erase an EBS volume", name)
		}
	}
}

// scripts are the texts of the set-up that format disks: in DaemonSets and in the nodes' user data.
func scripts(set *lint.Setup) []*lint.Node {
	var out []*lint.Node
	for _, p := range preparers(set) {
		if p.Script != nil {
			out = append(out, p.Script)
		}
	}
	for _, u := range set.UserData {
		if u.Kind == lint.Shell && formats().MatchString(u.Value) {
			out = append(out, u.Node)
		}
	}
	return out
}
