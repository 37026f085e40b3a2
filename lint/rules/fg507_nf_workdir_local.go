package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfWorkdirLocal = lint.Rule{
	ID: "FG507", Slug: "nf-workdir-local", Severity: lint.Error, Since: "0.1",
	Summary: "the work directory is not in S3, where Fusion could show it to task pods",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			n := t.Get("workDir")
			if _, on := t.fusion(); !on || !n.Known() || strings.HasPrefix(n.Value, "s3://") {
				continue
			}
			hint, message := "write workDir = 's3://BUCKET/PREFIX'", "the work directory %s is not in S3: Nextflow stops with \"Unexpected path for Fusion script launcher\""
			switch {
			case strings.HasPrefix(n.Value, "s3:"), strings.HasPrefix(n.Value, "S3://"):
				message = "%s is no S3 URI (s3://BUCKET/PREFIX): Nextflow takes it for a local path and stops"
			case strings.Contains(n.Value, "://"):
				message = "%s is another cloud's storage: the pods have credentials for S3 only, and every task fails"
			}
			report.At(n, hint, message, n.Value)
		}
	},
}
