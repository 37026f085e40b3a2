package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var platformLauncherRights = lint.Rule{
	ID: "FG562", Slug: "platform-launcher-rights", Severity: lint.Error, Since: "0.1",
	Summary: "the Role of Platform's principal lacks a right of the published launcher",
	Check:   checkLauncherRights,
}

// launcherWords tell Platform's principal from people who use Nextflow, where no compute environment says that Platform launches here.
var launcherWords = regex.Lazy(`(?i)tower|seqera|launcher`)

// checkLauncherRights asks what the principal may do in each namespace, all its Roles there taken together.
func checkLauncherRights(set *lint.Setup, report *lint.Reporter) {
	told := map[*lint.Node]bool{}
	for _, id := range identities(set) {
		if !platformLike(id) || !set.Platform() && !launcherWords().MatchString(id.arn+" "+id.username+" "+strings.Join(id.groups, " ")) {
			continue
		}
		held := rolesOf(set, id)
		for _, namespace := range slices.Sorted(maps.Keys(held)) {
			roles := held[namespace]
			if !slices.ContainsFunc(roles, func(r *lint.Object) bool { return slices.Contains(set.Launchers(), r) }) {
				continue // people who only look
			}
			if missing := missingRights(roles); len(missing) > 0 && !told[roles[0].Node] {
				told[roles[0].Node] = true
				report.At(roles[0].NameNode(), "add the rules of the published launcher", "Platform logs into the namespace %s as %s, which may not %s there: a launch, or a look at a run, ends with 403", namespace, id.arn, english(missing)).
					See(id.at, "Platform's principal")
			}
		}
	}
}

// rolesOf are the roles of an identity by namespace; a namespace with a role that no file shows is left out.
func rolesOf(set *lint.Setup, id identity) map[string][]*lint.Object {
	out, hidden := map[string][]*lint.Object{}, map[string]bool{}
	for _, b := range set.Kind("RoleBinding") {
		if !slices.ContainsFunc(b.Get("subjects").List(), id.is) {
			continue
		}
		kind := b.Get("roleRef", "kind").Text()
		roles := set.Named(kind, roleNamespace(b, kind), b.Get("roleRef", "name").Text())
		hidden[b.Namespace] = hidden[b.Namespace] || len(roles) == 0 || slices.ContainsFunc(roles, func(r *lint.Object) bool { return r.Get("rules").Unknown() || r.Get("aggregationRule") != nil })
		out[b.Namespace] = append(out[b.Namespace], roles...)
	}
	for namespace := range hidden {
		if hidden[namespace] {
			delete(out, namespace)
		}
	}
	return out
}

// missingRights are those that no rule of the roles gives, such as "create and delete (jobs of batch)".
func missingRights(roles []*lint.Object) []string {
	var verbs []string
	resources := map[string][]string{} // by the verbs that they lack
	for _, right := range facts.LauncherRights() {
		lacking := slices.DeleteFunc(slices.Clone(right.Verbs), func(verb string) bool {
			return slices.ContainsFunc(roles, func(role *lint.Object) bool {
				return slices.ContainsFunc(role.Grants(), func(g lint.Grant) bool { return g.Allows(right.Group, right.Resource, verb) })
			})
		})
		if len(lacking) == 0 {
			continue
		}
		name := right.Resource
		if right.Group != "" {
			name += " of " + right.Group
		}
		key := english(lacking)
		if resources[key] == nil {
			verbs = append(verbs, key)
		}
		resources[key] = append(resources[key], name)
	}
	var out []string
	for _, v := range verbs {
		out = append(out, v+" ("+english(resources[v])+")")
	}
	return out
}
