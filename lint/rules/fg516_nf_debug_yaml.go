package rules

import "github.com/fusiongen/fusiongen/lint"

var nfDebugYAML = lint.Rule{
	ID: "FG516", Slug: "nf-debug-yaml", Severity: lint.Warning, Since: "0.1",
	Summary: "pod specs with a licence token or keys are kept in the work bucket",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			n := t.Get("k8s.debug.yaml")
			secret := t.Get("fusion.enabled").IsTrue() || t.Get("fusion.exportStorageCredentials").IsTrue()
			if n.IsTrue() && secret {
				report.At(n, "remove it once the problem is found", "each task's pod spec goes to .command.yaml in the work directory, with the Fusion licence token or AWS keys of its environment: who reads the bucket has them")
			}
		}
	},
}
