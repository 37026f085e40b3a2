package rules

import "github.com/fusiongen/fusiongen/lint"

var nodePartSecurity = lint.Rule{
	ID: "FG334", Slug: "node-part-security", Severity: lint.Error, Since: "0.1",
	Summary: "a node part in a namespace whose Pod Security level refuses it",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range fuseParts(set) {
			at, what := needsPrivileged(p.PodSpec())
			if at == nil || p.Namespace == "" {
				continue
			}
			for _, ns := range set.Named("Namespace", "", p.Namespace) {
				if level := enforces(ns); level != nil && (level.Value == "baseline" || level.Value == "restricted") {
					report.At(at, "label the namespace "+enforceLabel+": privileged, and keep tasks out of it", "the %s %s %s, and its namespace %s enforces %s: Kubernetes makes no pod of it, and no task starts", p.Role, p.Name, what, ns.Name, level.Value).
						See(level, "enforces %s", level.Value)
				}
			}
		}
	},
}

// needsPrivileged is what in a pod only the level privileged allows, or nil.
func needsPrivileged(spec *lint.Node) (*lint.Node, string) {
	for _, c := range spec.Get("containers").List() {
		if n := c.Get("securityContext", "privileged"); n.IsTrue() {
			return n, "is privileged"
		}
	}
	for _, key := range [...]string{"hostPID", "hostNetwork", "hostIPC"} {
		if n := spec.Get(key); n.IsTrue() {
			return n, "shares a namespace of the node"
		}
	}
	for _, v := range spec.Get("volumes").List() {
		if n := v.Get("hostPath"); n != nil {
			return n, "mounts a host path"
		}
	}
	return nil, ""
}
