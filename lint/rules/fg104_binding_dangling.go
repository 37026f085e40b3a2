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
	see := newSight(set)
	for _, b := range ourBindings(set) {
		checkRoleRef(set, see, report, b)
		for _, s := range b.Get("subjects").List() {
			checkSubject(set, see, report, b, s)
		}
	}
}

func checkRoleRef(set *lint.Setup, see sight, report *lint.Reporter, b *lint.Object) {
	ref := b.Get("roleRef")
	role, kind := ref.Get("name"), ref.Get("kind")
	if group := ref.Get("apiGroup"); group.Known() && group.Value != "rbac.authorization.k8s.io" && group.Value != "" {
		report.At(group, "write rbac.authorization.k8s.io", "%s names its role in the group %s, and the API server refuses it", b.ID(), group.Value).Safe(replace(group, "rbac.authorization.k8s.io")...)
	}
	if ref == nil || role == nil || kind == nil || kind.Known() && kind.Value != "Role" && kind.Value != "ClusterRole" {
		at := b.NameNode()
		if kind.Known() {
			at = kind
		}
		report.At(at, "write kind: Role and the role's name in roleRef", "%s does not say which Role or ClusterRole it binds, and the API server refuses it", b.ID())
		return
	}
	ns := roleNamespace(b, kind.Text())
	if !role.Known() || !kind.Known() || len(see.named(b, kind.Value, ns, role.Value)) > 0 || slices.Contains(builtinRoles, role.Value) {
		return
	}
	at, candidates := role, names(set, kind.Value, ns)
	switch elsewhere := see.named(b, kind.Value, "", role.Value); {
	case kind.Value == "ClusterRole" && len(see.named(b, "Role", b.Namespace, role.Value)) > 0:
		at, candidates = kind, []string{"Role"}
	case kind.Value == "Role" && len(elsewhere) > 0:
		report.At(at, "move one of the two", "%s binds the Role %s of its own namespace, but that is in namespace %s: the API server takes it, and nobody gets a grant by it", b.ID(), role.Value, elsewhere[0].Namespace).
			See(elsewhere[0].NameNode(), "the Role")
		return
	}
	missing(set, report, at, candidates, "%s binds the %s %s, which does not exist: nobody gets a grant by it, and the first task fails with 403", b.ID(), kind.Value, role.Value)
}

func checkSubject(set *lint.Setup, see sight, report *lint.Reporter, b *lint.Object, s *lint.Node) {
	name, kind := s.Get("name"), s.Get("kind")
	if kind.Known() && !slices.Contains([]string{"ServiceAccount", "User", "Group"}, kind.Value) {
		report.At(kind, "write ServiceAccount", "%s has a subject of kind %s, and the API server refuses it", b.ID(), kind.Value)
	}
	if group := s.Get("apiGroup"); group.Known() && slices.Contains([]string{"User", "Group"}, kind.Text()) && group.Value != "rbac.authorization.k8s.io" && group.Value != "" {
		report.At(group, "write rbac.authorization.k8s.io", "%s has a subject of the group %s, and the API server refuses it", b.ID(), group.Value).Safe(replace(group, "rbac.authorization.k8s.io")...)
	}
	if kind == nil || name == nil {
		report.At(s, "write kind: ServiceAccount and the account's name", "%s has a subject without kind or name, and the API server refuses it", b.ID())
	}
	ns := s.Get("namespace").Text()
	if ns == "" {
		ns = b.Namespace
	}
	if kind.Text() != "ServiceAccount" || !name.Known() || name.Value == "default" || len(see.named(b, "ServiceAccount", ns, name.Value)) > 0 {
		return
	}
	at, candidates := name, names(set, "ServiceAccount", ns)
	if n := s.Get("namespace"); n.Known() && len(see.named(b, "ServiceAccount", b.Namespace, name.Value)) > 0 {
		at, candidates = n, []string{b.Namespace} // the name is right, its namespace is not
	}
	missing(set, report, at, candidates, "%s grants to the service account %s, which does not exist, so nobody has the grants and the first task fails with 403", b.ID(), lint.Account{Namespace: ns, Name: name.Value})
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
		return !bound[b] && !home[b.Namespace] && !(b.Kind == "RoleBinding" && ourWords().MatchString(b.Name+" "+b.Namespace))
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
