package rules

import "github.com/fusiongen/fusiongen/lint"

var platformComputeAccount = lint.Rule{
	ID: "FG551", Slug: "platform-compute-account", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment with Fusion runs its tasks as the namespace's default account",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			account := e.get("computeServiceAccount")
			if !e.on("fusion2Enabled") || account.Unknown() || account.Text() != "" && account.Text() != "default" {
				continue
			}
			report.At(e.at("computeServiceAccount"), "set "+e.name("computeServiceAccount")+" to the account with the tasks' role",
				"tasks run as the account \"default\" of the namespace %s, which has no role: Fusion calls S3 as the node, or anonymously", e.namespace())
		}
	},
}
