package rules

import "github.com/fusiongen/fusiongen/lint"

var platformPodSecurity = lint.Rule{
	ID: "FG556", Slug: "platform-pod-security", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment's task pods are privileged in a namespace that refuses them",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			if privileged, _ := e.option("fusion.privileged"); !e.on("fusion2Enabled") || privileged == "false" || e.get("nextflowConfig").Unknown() {
				continue
			}
			for _, ns := range set.Kind("Namespace") {
				level := enforces(ns)
				if ns.Name != e.namespace() || level == nil || level.Value == "privileged" {
					continue
				}
				report.At(e.at("nextflowConfig"), "add fusion.privileged = false to "+e.name("nextflowConfig")+", and run a FUSE device plugin",
					"Fusion makes task pods privileged unless fusion.privileged is false, and the namespace %s enforces %s: no task starts%s", ns.Name, level.Value, hangs(e)).See(level, "enforces %s", level.Value)
			}
		}
	},
}

// hangs says what a refused pod looks like.
func hangs(e computeEnv) string {
	if mode, _ := e.option("k8s.computeResourceType"); mode == "Job" {
		return ", and Nextflow waits without a message"
	}
	return ""
}
