package rules

import "github.com/fusiongen/fusiongen/lint"

var podIdentityFargate = lint.Rule{
	ID: "FG118", Slug: "pod-identity-fargate", Severity: lint.Error, Since: "0.1",
	Summary: "pods with Pod Identity run on Fargate, where its agent does not",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		var fargate []*lint.Node // namespaces of Fargate profiles
		for _, o := range set.Kind("ClusterConfig") {
			for _, p := range o.Get("fargateProfiles").List() {
				fargate = append(fargate, selected(p)...)
			}
		}
		for _, o := range set.Kind("FargateProfile") {
			fargate = append(fargate, selected(o.Get("spec"))...)
			fargate = append(fargate, selected(o.Get("spec", "forProvider"))...)
		}
		for _, a := range associations(set) {
			for _, ns := range fargate {
				if lint.MatchPattern(ns.Text(), a.account.Namespace) && ns.Known() {
					report.At(a.nameNode, "use IRSA for it, or run its pods on EC2 nodes",
						"pods of namespace %s run on Fargate, where the Pod Identity agent does not, so %s gets no role", a.account.Namespace, a.account).See(ns, "this Fargate profile takes the namespace")
					break
				}
			}
		}
	},
}

// selected are the namespaces that a Fargate profile takes whole.
func selected(profile *lint.Node) []*lint.Node {
	var out []*lint.Node
	for _, s := range profile.Get("selectors").List() {
		for _, s := range append(profile.Get("selector").List(), s) {
			if s.Get("labels") == nil {
				out = append(out, s.Get("namespace"))
			}
		}
	}
	return out
}
