package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var platformFusion = lint.Rule{
	ID: "FG553", Slug: "platform-fusion-prerequisites", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment switches Fusion on without what it needs: Wave, a work directory in S3, one region",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			if e.on("fusion2Enabled") {
				checkPrerequisites(e, report)
			}
		}
	},
}

func checkPrerequisites(e computeEnv, report *lint.Reporter) {
	if wave := e.get("waveEnabled"); !e.on("waveEnabled") && !wave.Unknown() {
		f := report.At(e.at("waveEnabled"), "set "+e.name("waveEnabled")+" to true", "Fusion is on and Wave is not, so nothing puts Fusion into the tasks' images, and Platform refuses the environment")
		if wave.Known() {
			f.Unsafe(lint.Replace(wave, "true"))
		}
	}
	if dir := e.get("workDir"); dir.Known() && !strings.HasPrefix(dir.Value, "s3://") {
		report.At(dir, "name a place in S3", "Fusion works on S3, and the work directory is %s", dir.Value)
	}
	if region, set := e.option("aws.region"); set && e.get("region").Known() && region != e.get("region").Value {
		report.At(e.get("nextflowConfig"), "use a bucket in "+e.get("region").Value+", and leave aws.region out", "the environment is in %s and its configuration says the buckets are in %s: Platform has one region for both", e.get("region").Value, region)
	}
	if claim := e.get("storageClaimName"); claim != nil && claim.Value != "" {
		report.At(claim, "leave it out", "with Fusion no volume claim is used, and the head waits for one that is not there").As(lint.Warning)
	}
}
