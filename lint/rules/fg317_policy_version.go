package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var policyVersion = lint.Rule{
	ID: "FG317", Slug: "policy-version", Severity: lint.Error, Since: "0.1",
	Summary: "an admission policy uses what this Kubernetes version does not have",
	Check:   checkPolicyVersion,
}

// newer are parts of a policy by the first Kubernetes version in which they work without a feature gate.
//
// Sources: kep.yaml of KEP-3962 (MutatingAdmissionPolicy), KEP-127 (user namespaces), KEP-4639 (image volumes).
var newer = [...]struct{ version, what, api, text string }{
	{"1.36", "MutatingAdmissionPolicy of admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1", ""},
	{"1.33", "user namespaces of pods (hostUsers: false)", "", "hostUsers: false"},
	{"1.35", "image volumes", "", "spec.volumes.image{"},
}

func checkPolicyVersion(set *lint.Setup, report *lint.Reporter) {
	version := set.Options.Kubernetes
	if version == "" {
		return
	}
	for _, p := range policies(set) {
		for _, x := range newer {
			if lint.AtLeast(version, x.version) || x.api != "" && (p.APIVersion != x.api || !p.builtin()) || x.text != "" && !strings.Contains(p.Text, x.text) {
				continue
			}
			at := p.Get("apiVersion")
			if x.text != "" {
				at = p.NameNode()
			}
			report.At(at, "bring the binary in another way (csi, host, baked image), or raise the cluster to "+x.version,
				"%s needs Kubernetes %s, and this cluster is %s: task pods are not changed as meant, and tasks fail", x.what, x.version, version)
			break
		}
	}
}
