package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// enforceLabel is the label of a namespace that says which pods it takes (Pod Security Admission).
const enforceLabel = "pod-security.kubernetes.io/enforce"

// enforces is the level that a namespace enforces, or nil. A node that is not Known is nil, too.
func enforces(ns *lint.Object) *lint.Node {
	if n := ns.Get("metadata", "labels", enforceLabel); n.Known() {
		return n
	}
	return nil
}

// policy is an admission policy that changes pods: MutatingAdmissionPolicy, or a policy of Kyverno.
type policy struct {
	*lint.Object
	Text string // all its scalars, in one
}

// policies are the set-up's admission policies that change Nextflow's pods.
func policies(set *lint.Setup) []policy {
	var out []policy
	for _, o := range set.Kind("MutatingAdmissionPolicy", "ClusterPolicy", "Policy", "MutatingPolicy") {
		if o.Group() != "admissionregistration.k8s.io" && !strings.HasSuffix(o.Group(), "kyverno.io") {
			continue
		}
		var text strings.Builder
		o.Walk(func(path string, n *lint.Node) {
			if strings.HasPrefix(path, "spec.") && n.Kind != lint.Map && n.Kind != lint.List {
				text.WriteString(path[strings.LastIndexByte(path, '.')+1:] + ": " + n.Value + "\n")
			}
		})
		out = append(out, policy{o, text.String()})
	}
	return out
}

// own says whether the policy is Kubernetes' own, which does nothing without a binding.
func (p policy) builtin() bool { return p.Kind == "MutatingAdmissionPolicy" }

// bindings of the policy.
func (p policy) bindings(set *lint.Setup) []*lint.Object {
	return slices.DeleteFunc(set.Kind("MutatingAdmissionPolicyBinding"), func(b *lint.Object) bool {
		return b.Get("spec", "policyName").Text() != p.Name || b.Root != p.Root
	})
}

// reaches says whether the policy is applied to pods of the namespace: by a binding of its own whose selector fits.
func (p policy) reaches(set *lint.Setup, ns *lint.Object) bool {
	if !p.builtin() {
		return true // Kyverno's match blocks are not read
	}
	return slices.ContainsFunc(p.bindings(set), func(b *lint.Object) bool {
		return picks(b.Get("spec", "matchResources", "namespaceSelector"), ns.Get("metadata", "labels"))
	})
}

// picks says whether a label selector takes an object with these labels.
func picks(selector, labels *lint.Node) bool {
	if m := selector.Get("matchLabels"); m != nil {
		for _, f := range m.Fields {
			if v := labels.Get(f.Key.Value); v.Text() != f.Value.Text() && !v.Unknown() {
				return false
			}
		}
	}
	for _, r := range requirementsOf(selector.Get("matchExpressions")) {
		v := labels.Get(r.Key)
		switch {
		case v.Unknown():
		case r.Operator == "Exists" && v == nil, r.Operator == "DoesNotExist" && v != nil, r.Operator == "In" && !slices.Contains(r.Values, v.Text()), r.Operator == "NotIn" && slices.Contains(r.Values, v.Text()):
			return false
		}
	}
	return true
}

// mutates says whether a policy of the set-up whose text has one of the words reaches the pods of these tasks.
func (t task) mutates(words ...string) bool {
	for _, p := range policies(t.set) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(p.Text, w) }) {
			continue
		}
		spaces := t.namespaces()
		if len(spaces) == 0 || slices.ContainsFunc(spaces, func(ns *lint.Object) bool { return p.reaches(t.set, ns) }) {
			return true
		}
	}
	return false
}
