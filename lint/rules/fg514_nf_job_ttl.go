package rules

import (
	"strconv"

	"github.com/fusiongen/fusiongen/lint"
)

var nfJobTTL = lint.Rule{
	ID: "FG514", Slug: "nf-job-ttl", Severity: lint.Warning, Since: "0.1",
	Summary: "a Job can be gone before Nextflow has read its exit code",
	Check:   checkJobTTL,
}

// leastTTL, in seconds, is several of Nextflow's polls (every 5 s) and of its retries (up to 90 s).
const leastTTL = 300

func checkJobTTL(set *lint.Setup, report *lint.Reporter) {
	version := set.NextflowVersion()
	if version != "" && lint.AtLeast(version, "26.01") {
		return
	}
	for _, t := range taskPods(set) {
		for _, o := range t.Options {
			n := o.Get("ttlSecondsAfterFinished")
			if ttl, err := strconv.Atoi(n.Text()); err == nil && ttl < leastTTL && t.mode() != "Pod" {
				report.At(n, "write 300 or more, or leave it out: Nextflow removes Jobs itself", "Kubernetes removes a task's Job %d s after its end: Nextflow before 26.01 then finds no exit code, and a finished task counts as failed (nextflow#6452)", ttl)
			}
		}
	}
}
