package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nvmeForce = lint.Rule{
	ID: "FG419", Slug: "nvme-force", Severity: lint.Warning, Since: "0.1",
	Summary: "a script formats disks whatever is on them",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, s := range scripts(set) {
			if word := force().FindString(s.Value); word != "" {
				report.At(s, "format blank disks only, without force: refuse any other signature", "%q erases what is on the disk: after a restart of the pod, the files of running tasks", word)
			}
		}
	},
}

var force = regex.Lazy(`\bmkfs\.(?:xfs|btrfs)\b[^\n;&|]*\s-f\b|\bmkfs\.ext[234]\b[^\n;&|]*\s-F\b|\bmdadm\b[^\n;&|]*--force|\bwipefs\b[^\n;&|]*\s(?:-a|--all)|\bdd\b[^\n;&|]*of=/dev/nvme\S*`)
