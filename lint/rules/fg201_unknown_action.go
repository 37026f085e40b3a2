package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var unknownAction = lint.Rule{
	ID: "FG201", Slug: "iam-unknown-action", Severity: lint.Error, Since: "0.1",
	Summary: "a policy names an action that IAM does not have",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Policies {
			for _, s := range p.Statements() {
				for _, name := range []string{"Action", "NotAction"} {
					list := s.Get(name)
					for i, n := range list.OneOrMore() {
						checkAction(report, list, i, n)
					}
				}
			}
		}
	},
}

func checkAction(report *lint.Reporter, list *lint.Node, i int, n *lint.Node) {
	if !n.Known() || n.Value == "*" {
		return
	}
	service, name, ok := strings.Cut(n.Value, ":")
	if !ok {
		if fixed := serviceOf(n.Value); fixed != "" {
			report.At(n, "write "+fixed, "%q is no action (a service stands in front of it), so IAM refuses the document", n.Value).Safe(replace(n, fixed)...)
			return
		}
		report.At(n, "write SERVICE:ACTION", "%q is no action (a service stands in front of it), so IAM refuses the document", n.Value)
		return
	}
	known := facts.Actions(service)
	if len(known) == 0 || len(facts.ActionsLike(n.Value, lint.MatchPattern)) > 0 {
		return
	}
	if meant := facts.MeantAction(n.Value); len(meant) > 0 {
		f := report.At(n, "grant "+english(meant), "%s is the name of an API call, not an action of IAM: it grants nothing, and the call needs %s", n.Value, english(meant))
		have := list.Texts()
		lacking := slices.DeleteFunc(slices.Clone(meant), func(m string) bool { return slices.Contains(have, m) })
		switch {
		case len(lacking) == 0:
			f.Hint = "remove it; what the call needs is granted beside it"
			f.Safe(remove(list, i)...)
		case len(lacking) == 1:
			f.Unsafe(replace(n, lacking[0])...)
		}
		return
	}
	var names []string
	for _, a := range known {
		names = append(names, a.Name)
	}
	hint := "look the action up in the service authorization reference of " + service
	near := schema.Suggest(name, names)
	if near != "" {
		hint = "write " + service + ":" + near
	}
	f := report.At(n, hint, "%s has no action %s, so it grants nothing", service, name)
	if near != "" {
		f.Unsafe(replace(n, service+":"+near)...)
	}
}

// serviceOf completes an action of S3 or STS that lacks its service.
func serviceOf(name string) string {
	for _, service := range []string{"s3", "sts"} {
		for _, a := range facts.Actions(service) {
			if a.Name == name {
				return service + ":" + name
			}
		}
	}
	return ""
}
