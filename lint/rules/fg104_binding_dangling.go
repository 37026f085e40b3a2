package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var bindingDangling = lint.Rule{
	ID: "FG104", Slug: "binding-dangling", Severity: lint.Error, Since: "0.1",
	Summary: "a binding names a Role or a service account that does not exist",
	Check:   checkDangling,
}

func checkDangling(set *lint.Setup, report *lint.Reporter) {
	for _, b := range ourBindings(set) {
		role := b.Get("roleRef", "name")
		kind := b.Get("roleRef", "kind").Text()
		if role.Known() && len(set.Named(kind, roleNamespace(b, kind), role.Value)) == 0 && !slices.Contains(builtinRoles, role.Value) {
			at, candidates := role, names(set, kind, roleNamespace(b, kind))
			if n := b.Get("roleRef", "kind"); kind == "ClusterRole" && len(set.Named("Role", b.Namespace, role.Value)) > 0 {
				at, candidates = n, []string{"Role"}
			}
			missing(set, report, at, candidates, "%s binds the %s %s, which does not exist: nobody gets a grant by it, and the first task fails with 403", b.ID(), kind, role.Value)
		}
		for _, s := range b.Get("subjects").List() {
			name := s.Get("name")
			ns := s.Get("namespace").Text()
			if ns == "" {
				ns = b.Namespace
			}
			if s.Get("kind").Text() != "ServiceAccount" || !name.Known() || name.Value == "default" || len(set.Named("ServiceAccount", ns, name.Value)) > 0 {
				continue
			}
			at, candidates := name, names(set, "ServiceAccount", ns)
			if n := s.Get("namespace"); n.Known() && len(set.Named("ServiceAccount", b.Namespace, name.Value)) > 0 {
				at, candidates = n, []string{b.Namespace} // the name is right, its namespace is not
			}
			missing(set, report, at, candidates,
				"%s grants to the service account %s, which does not exist, so nobody has the grants and the first task fails with 403", b.ID(), lint.Account{Namespace: ns, Name: name.Value})
		}
	}
}

// builtinRoles are in every cluster. Source: Kubernetes' RBAC page, user-facing roles.
var builtinRoles = []string{"cluster-admin", "admin", "edit", "view"}

func roleNamespace(b *lint.Object, kind string) string {
	if kind == "ClusterRole" {
		return ""
	}
	return b.Namespace
}

// ourBindings are the bindings that concern a run: of a launcher, of an account that a run has, or in a namespace of runs.
func ourBindings(set *lint.Setup) []*lint.Object {
	home := homes(set)
	bound := map[*lint.Object]bool{}
	for _, role := range launchers(set) {
		for _, b := range bindings(set, role) {
			bound[b] = true
		}
	}
	return slices.DeleteFunc(set.Kind("RoleBinding", "ClusterRoleBinding"), func(b *lint.Object) bool {
		return !bound[b] && !home[b.Namespace] && !(b.Kind == "RoleBinding" && ourWords.MatchString(b.Name+" "+b.Namespace))
	})
}

func names(set *lint.Setup, kind, namespace string) []string {
	var out []string
	for _, o := range set.Kind(kind) {
		if (namespace == "" || o.Namespace == namespace || o.Namespace == "") && !slices.Contains(out, o.Name) {
			out = append(out, o.Name)
		}
	}
	return out
}

// missing reports what a document names and the set-up does not hold: an error where it holds others of its kind, for then
// it would be among them, else a hint.
func missing(set *lint.Setup, report *lint.Reporter, at *lint.Node, candidates []string, message string, args ...any) {
	hint := "create it, or name the one that exists"
	meant := schema.Suggest(at.Value, candidates)
	if meant == "" && len(candidates) == 1 {
		meant = candidates[0]
	}
	if meant != "" && meant != at.Value {
		hint = "write " + meant
	} else if len(candidates) > 0 && !slices.Contains(candidates, at.Value) {
		hint = "there are " + strings.Join(candidates, ", ")
	}
	f := report.At(at, hint, message, args...)
	if len(candidates) == 0 && at.Value != "" || set.Partial {
		f.NotGiven()
	}
}
