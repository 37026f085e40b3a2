package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nvmeMountOptions = lint.Rule{
	ID: "FG421", Slug: "nvme-mount-options", Severity: lint.Warning, Since: "0.1",
	Summary: "a script mounts the disks with an option that fails or slows them down",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, s := range scripts(set) {
			if noBarrier().MatchString(s.Value) {
				report.At(s, "leave nobarrier out", "XFS of today's kernels refuses the option nobarrier: the mount fails, and the preparer with it").As(lint.Error)
			}
			if discards().MatchString(s.Value) {
				report.At(s, "mount without discard; run fstrim now and then", "with the option discard each removed file is trimmed at once: removing a task's many files stalls the disk for the other tasks")
			}
		}
	},
}

var noBarrier = regex.Lazy(`\bnobarrier\b`)
var discards = regex.Lazy(`(?m)-o\s*\S*\bdiscard\b`)
