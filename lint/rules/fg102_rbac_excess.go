package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var rbacExcess = lint.Rule{
	ID: "FG102", Slug: "rbac-excess", Severity: lint.Warning, Since: "0.1",
	Summary: "the head's Role grants what Nextflow never calls",
	Check:   checkExcess,
}

// checkExcess compares with the calls of both modes: a Role that fits either is no excess. Seqera Platform's own launcher
// does more than Nextflow, so its set-ups are not judged.
func checkExcess(set *lint.Setup, report *lint.Reporter) {
	if set.Platform() {
		return
	}
	calls := append(facts.Calls("", "Pod"), facts.Calls("", "Job")...)
	for _, role := range launchers(set) {
		for _, g := range role.Grants() {
			used := map[string]bool{} // verbs that a resource of this rule needs
			for i, r := range g.Resources {
				verbs := verbsOf(calls, r.Text())
				for _, v := range verbs {
					used[v] = true
				}
				if len(verbs) == 0 && r.Known() && r.Value != "*" && grantsNothing(g, r.Value) == "" {
					f := report.At(r, "remove it from the Role", "%s grants %s on %s, and Nextflow never calls that%s", role.ID(), english(g.Verbs), r.Value, excessUse(r.Value))
					if reads(g.Verbs) && watched(r.Value) {
						f.As(lint.Hint)
					}
					f.Unsafe(remove(g.ResourcesNode, i)...)
				}
			}
			if len(used) == 0 {
				continue
			}
			for i, v := range g.VerbsNode.List() {
				if v.Known() && v.Value != "*" && !used[v.Value] && slices.Contains(verbNames, v.Value) {
					f := report.At(v, "remove the verb", "%s grants %s on %s, and Nextflow never uses that verb there", role.ID(), v.Value, english(known(g.Resources)))
					if v.Value == "get" || v.Value == "list" {
						f.As(lint.Hint)
					}
					f.Unsafe(remove(g.VerbsNode, i)...)
				}
			}
		}
	}
}

func verbsOf(calls []facts.Call, resource string) []string {
	var out []string
	for _, c := range calls {
		if c.Resource == resource {
			out = append(out, c.Verb)
		}
	}
	return out
}

// reads says whether all verbs only look.
func reads(verbs []string) bool {
	return !slices.ContainsFunc(verbs, func(v string) bool { return v != "get" && v != "list" && v != "watch" })
}

// watched says whether people commonly look at it beside a run; reading it harms nobody.
func watched(resource string) bool {
	return resource == "events" || resource == "pods" || resource == "jobs"
}

// excessUse says what else the grant may have been meant for.
func excessUse(resource string) string {
	switch {
	case resource == "configmaps" || resource == "persistentvolumeclaims":
		return " (the obsolete nextflow kuberun did)"
	case strings.HasPrefix(resource, "pods/") && resource != "pods/log" && resource != "pods/status":
		return ": whoever gets into the head gets into every pod of the namespace"
	case resource == "secrets":
		return ": whoever gets into the head reads every secret of the namespace"
	}
	return ""
}

func known(nodes []*lint.Node) []string {
	var out []string
	for _, n := range nodes {
		if n.Known() {
			out = append(out, n.Value)
		}
	}
	return out
}
