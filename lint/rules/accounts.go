package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// homes are the namespaces that the set-up runs Nextflow in, by what names them: a configuration, a head's pod, a
// compute environment of the Platform.
func homes(set *lint.Setup) map[string]bool {
	out := map[string]bool{}
	for _, v := range set.Views() {
		out[v.Get("k8s.namespace").Text()] = true
	}
	for _, o := range headPods(set) {
		out[o.Namespace] = true
	}
	for _, d := range set.Data {
		if d.Get("headServiceAccount") != nil || d.Get("computeServiceAccount") != nil {
			out[d.Get("namespace").Text()] = true
		}
	}
	delete(out, "")
	return out
}

// words that mark an object as part of a Nextflow set-up where no configuration says so.
var ourWords = regex.Lazy(`(?i)nextflow|fusion|seqera|tower|(?:^|[-_.])nf(?:[-_.]|$)`)

// launchers are the roles that let Nextflow submit tasks, without those of other software: a repository holds many roles
// that may create pods. A role that may not, but follows tasks and is of a run, was meant to be one.
func launchers(set *lint.Setup) []*lint.Object {
	home := homes(set)
	all := set.Launchers()
	for _, role := range set.Kind("Role") {
		follows := slices.ContainsFunc(role.Grants(), func(g lint.Grant) bool { return g.Allows("", "pods/status", "get") || g.Allows("", "pods/log", "get") })
		if follows && !slices.Contains(all, role) && !feeds(set, role) {
			all = append(all, role)
		}
	}
	return slices.DeleteFunc(all, func(role *lint.Object) bool {
		names, spaces := []string{role.Name, role.Namespace}, []string{role.Namespace}
		for _, b := range bindings(set, role) {
			names, spaces = append(names, b.Name, b.Namespace), append(spaces, b.Namespace)
			for _, s := range subjects(b) {
				names, spaces = append(names, s.Namespace, s.Name), append(spaces, s.Namespace)
			}
		}
		if len(home) > 0 && role.Namespace != "" {
			return !slices.ContainsFunc(spaces, func(s string) bool { return home[s] })
		}
		if slices.ContainsFunc(spaces, func(s string) bool { return home[s] }) {
			return false
		}
		return !ourWords().MatchString(strings.Join(names, " "))
	})
}

// feeds says whether a role only adds to another one that lets its subject submit tasks.
func feeds(set *lint.Setup, role *lint.Object) bool {
	return slices.ContainsFunc(effective(set, role), func(g lint.Grant) bool {
		return g.Role != role && (g.Allows("", "pods", "create") || g.Allows("batch", "jobs", "create"))
	})
}

// bindings are the bindings of a role, wherever they are rendered.
func bindings(set *lint.Setup, role *lint.Object) []*lint.Object {
	return slices.DeleteFunc(set.Kind("RoleBinding", "ClusterRoleBinding"), func(b *lint.Object) bool {
		return b.Get("roleRef", "kind").Text() != role.Kind || b.Get("roleRef", "name").Text() != role.Name ||
			role.Kind == "Role" && b.Namespace != role.Namespace && b.Namespace != "" && role.Namespace != ""
	})
}

// subjects are the service accounts of a binding, also those that are named as users.
func subjects(b *lint.Object) []lint.Account {
	out := b.Subjects()
	for _, s := range b.Get("subjects").List() {
		if a, ok := lint.Subject(s.Get("name").Text()); ok && s.Get("kind").Text() == "User" {
			out = append(out, a)
		}
	}
	return out
}

var nextflowImage = regex.Lazy(`(?:^|/)nextflow(?:[:@]|$)`)

// nextflows says whether a container's image is Nextflow's own.
func nextflows(container *lint.Node) bool {
	return nextflowImage().MatchString(strings.SplitN(container.Get("image").Text(), "@", 2)[0])
}

// headPods are the pods and workloads in which Nextflow itself runs.
func headPods(set *lint.Setup) []*lint.Object {
	var out []*lint.Object
	for _, o := range set.Objects {
		for _, c := range o.PodSpec().Get("containers").List() {
			words := append(c.Get("command").Texts(), c.Get("args").Texts()...)
			runs := slices.ContainsFunc(words, func(w string) bool { return w == "nextflow" || strings.HasPrefix(w, "nextflow ") })
			if runs || nextflows(c) {
				out = append(out, o)
				break
			}
		}
	}
	return out
}

// podAccount is the service account of a workload's pods.
func podAccount(o *lint.Object) lint.Account {
	name := o.PodSpec().Get("serviceAccountName").Text()
	if name == "" {
		name = o.PodSpec().Get("serviceAccount").Text()
	}
	if name == "" {
		name = "default"
	}
	return lint.Account{Namespace: o.Namespace, Name: name}
}

// heads are the service accounts that Nextflow runs as.
func heads(set *lint.Setup) []lint.Account {
	var out []lint.Account
	for _, role := range launchers(set) {
		for _, b := range bindings(set, role) {
			out = append(out, subjects(b)...)
		}
	}
	for _, o := range headPods(set) {
		out = append(out, podAccount(o))
	}
	for _, d := range set.Data {
		if n := d.Get("headServiceAccount"); n.Known() {
			out = append(out, lint.Account{Namespace: d.Get("namespace").Text(), Name: n.Value})
		}
	}
	return out
}

// tasks are the service accounts that task pods run as, with the setting that says so.
func tasks(set *lint.Setup) map[lint.Account]*lint.Node {
	out := map[lint.Account]*lint.Node{}
	for _, v := range set.Views() {
		if n := v.Get("k8s.serviceAccount"); n.Known() {
			out[lint.Account{Namespace: v.Get("k8s.namespace").Text(), Name: n.Value}] = n
		}
	}
	for _, d := range set.Data {
		if n := d.Get("computeServiceAccount"); n.Known() {
			out[lint.Account{Namespace: d.Get("namespace").Text(), Name: n.Value}] = n
		}
	}
	return out
}

// same says whether two accounts may be one: a namespace that is not known may be any.
func same(a, b lint.Account) bool {
	return a.Name == b.Name && (a.Namespace == b.Namespace || a.Namespace == "" || b.Namespace == "")
}

func holds(list []lint.Account, a lint.Account) bool {
	return slices.ContainsFunc(list, func(b lint.Account) bool { return same(a, b) })
}

// runners are the service accounts of the set-up that belong to a run: heads and tasks.
func runners(set *lint.Setup) []*lint.Object {
	all := heads(set)
	for a := range tasks(set) {
		all = append(all, a)
	}
	return slices.DeleteFunc(set.Kind("ServiceAccount"), func(o *lint.Object) bool {
		return !holds(all, lint.Account{Namespace: o.Namespace, Name: o.Name})
	})
}
