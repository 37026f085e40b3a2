package rules

import "github.com/fusiongen/fusiongen/lint"

var headAccount = lint.Rule{
	ID: "FG110", Slug: "head-account", Severity: lint.Error, Since: "0.1",
	Summary: "the head's pod runs as a service account that does not exist, or that may not submit tasks",
	Check:   checkHeadAccount,
}

func checkHeadAccount(set *lint.Setup, report *lint.Reporter) {
	for _, o := range headPods(set) {
		a := podAccount(o)
		at := o.PodSpec().Get("serviceAccountName")
		if at == nil {
			at = o.PodSpec().Get("serviceAccount")
		}
		if at.Unknown() {
			continue
		}
		if at == nil {
			at = o.NameNode()
		}
		if a.Name != "default" && len(set.Named("ServiceAccount", a.Namespace, a.Name)) == 0 {
			candidates := names(set, "ServiceAccount", a.Namespace)
			if ns := o.Get("metadata", "namespace"); len(candidates) == 0 && ns.Known() && at.Known() {
				for _, sa := range set.Named("ServiceAccount", "", a.Name) {
					at, candidates = ns, append(candidates, sa.Namespace) // the name is right, the pod's namespace is not
				}
			}
			missing(set, report, at, candidates, "%s runs as the service account %s, which does not exist, so its pod is never created", o.ID(), a)
			continue
		}
		checkHeadBound(set, report, o, a, at)
	}
}

func checkHeadBound(set *lint.Setup, report *lint.Reporter, o *lint.Object, a lint.Account, at *lint.Node) {
	var bound []lint.Account
	for _, role := range launchers(set) {
		if nearlyBound(set, role) {
			return // FG104 has it
		}
		for _, b := range bindings(set, role) {
			for _, s := range subjects(b) {
				if len(set.Named("ServiceAccount", s.Namespace, s.Name)) == 0 && s.Name != "default" {
					return // FG104 again
				}
				bound = append(bound, s)
			}
		}
	}
	if len(bound) == 0 || holds(bound, a) {
		return // FG109 reports a Role that nobody has
	}
	f := report.At(at, "run it as "+bound[0].Name+", or bind the Role to "+a.Name, "%s runs Nextflow as %s, which has no grant to create tasks: the first one fails with 403", o.ID(), a)
	if set.Partial {
		f.NotGiven()
	}
}
