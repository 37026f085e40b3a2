package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

// neededBy is what else of the set-up cannot do without an object: what names it, nil where nothing does.
func neededBy(set *lint.Setup, o *lint.Object) *lint.Object {
	find := func(kinds []string, refers func(other *lint.Object) bool) *lint.Object {
		for _, other := range set.Kind(kinds...) {
			if other.Node != o.Node && refers(other) {
				return other
			}
		}
		return nil
	}
	workloads := []string{"Pod", "Job", "CronJob", "Deployment", "StatefulSet", "DaemonSet"}
	bindingKinds := []string{"RoleBinding", "ClusterRoleBinding"}
	switch o.Kind {
	case "Namespace":
		for _, other := range set.Objects {
			if other.Namespace == o.Name {
				return other
			}
		}
	case "ServiceAccount":
		account := lint.Account{Namespace: o.Namespace, Name: o.Name}
		if user := find(workloads, func(w *lint.Object) bool { return same(podAccount(w), account) }); user != nil {
			return user
		}
		return find(bindingKinds, func(b *lint.Object) bool { return holds(subjects(b), account) })
	case "Role", "ClusterRole":
		return find(bindingKinds, func(b *lint.Object) bool {
			return b.Get("roleRef", "kind").Text() == o.Kind && b.Get("roleRef", "name").Text() == o.Name
		})
	case "RoleBinding", "ClusterRoleBinding":
		for _, s := range subjects(o) {
			if user := find(workloads, func(w *lint.Object) bool { return same(podAccount(w), s) }); user != nil {
				return user
			}
		}
	case "ConfigMap":
		return find(workloads, func(w *lint.Object) bool {
			return w.Namespace == o.Namespace && slices.ContainsFunc(configMapsOf(w), func(n *lint.Node) bool { return n.Text() == o.Name })
		})
	case "MutatingAdmissionPolicy":
		return find([]string{"MutatingAdmissionPolicyBinding"}, func(b *lint.Object) bool { return b.Get("spec", "policyName").Text() == o.Name })
	case "MutatingAdmissionPolicyBinding":
		return find([]string{"MutatingAdmissionPolicy"}, func(p *lint.Object) bool { return p.Name == o.Get("spec", "policyName").Text() })
	case "EC2NodeClass":
		return find([]string{"NodePool"}, func(p *lint.Object) bool {
			return p.Get("spec", "template", "spec", "nodeClassRef", "name").Text() == o.Name
		})
	}
	return nil
}

// askedBy is the setting by which tasks or Seqera Platform ask for what an object gives, nil where none does.
func askedBy(set *lint.Setup, o *lint.Object) *lint.Node {
	if n := platformAsks(set, o); n != nil {
		return n
	}
	for _, t := range taskPods(set) {
		switch o.Kind {
		case "DaemonSet":
			if slices.ContainsFunc(t.parts(), func(p part) bool { return p.Node == o.Node }) {
				return t.Begin("k8s")
			}
		case "CSIDriver":
			for _, option := range t.Options {
				if n := option.Get("csi", "driver"); n.Text() == o.Name {
					return n
				}
			}
		case "NodeOverlay":
			if name, at := t.device(); name != "" && t.unprivileged() && o.Get("spec", "capacity", name) != nil {
				return orNode(at, t.Begin("k8s"))
			}
		case "ServiceAccount":
			if n := t.Get("k8s.serviceAccount"); n.Text() == o.Name && t.namespace() == o.Namespace {
				return n
			}
		}
	}
	return nil
}

// platformAsks: a compute environment names the accounts of its runs, whose grants it needs, too; and Platform's principal has its own.
func platformAsks(set *lint.Setup, o *lint.Object) *lint.Node {
	binding := o.Kind == "RoleBinding"
	for _, e := range computeEnvs(set) {
		for _, field := range [...]string{"headServiceAccount", "computeServiceAccount"} {
			account := lint.Account{Namespace: e.namespace(), Name: e.get(field).Text()}
			if account.Name != "" && (o.Kind == "ServiceAccount" && same(account, lint.Account{Namespace: o.Namespace, Name: o.Name}) || binding && holds(subjects(o), account)) {
				return e.get(field)
			}
		}
	}
	for _, id := range identities(set) {
		if binding && platformLike(id) && slices.ContainsFunc(o.Get("subjects").List(), id.is) {
			return id.at
		}
	}
	return nil
}

func orNode(a, b *lint.Node) *lint.Node {
	if a != nil {
		return a
	}
	return b
}
