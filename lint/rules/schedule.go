package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// taint is one taint of a node.
type taint struct {
	*lint.Node
	Key, Value, Effect string
}

func (t taint) String() string {
	if t.Value != "" {
		return t.Key + "=" + t.Value + ":" + t.Effect
	}
	return t.Key + ":" + t.Effect
}

func taintsOf(list *lint.Node) []taint {
	var out []taint
	for _, n := range list.List() {
		if n.Get("key").Known() {
			out = append(out, taint{n, n.Get("key").Value, n.Get("value").Text(), n.Get("effect").Text()})
		}
	}
	return out
}

// tolerates says whether one of the tolerations covers the taint (Kubernetes' rules; an unknown one may cover it).
func tolerates(tolerations []*lint.Node, t taint) bool {
	return slices.ContainsFunc(tolerations, func(n *lint.Node) bool {
		key, operator, value, effect := n.Get("key"), n.Get("operator").Text(), n.Get("value"), n.Get("effect")
		if key.Unknown() || value.Unknown() || effect.Unknown() {
			return true
		}
		if effect.Text() != "" && t.Effect != "" && effect.Text() != t.Effect {
			return false
		}
		if key.Text() == "" {
			return operator == "Exists"
		}
		return key.Text() == t.Key && (operator == "Exists" || value.Text() == t.Value)
	})
}

// tolerations of the task pods. Those of a pod directive replace those of k8s.pod (PodOptions.groovy, plus).
func (t task) tolerations() []*lint.Node {
	var own, base []*lint.Node
	for _, o := range t.Options {
		if n := o.Get("toleration"); n != nil && o.Setting == "process.pod" {
			own = append(own, n)
		} else if n != nil {
			base = append(base, n)
		}
	}
	if len(own) > 0 {
		return own
	}
	return base
}

// label is one label that a node must have.
type label struct {
	Key, Value string
	At         *lint.Node
}

// selector of the task pods: the last nodeSelector option, of the pod directive before k8s.pod.
func (t task) selector() []label {
	var last *lint.Node
	for _, o := range t.Options {
		if n := o.Get("nodeSelector"); n != nil {
			last = n
		}
	}
	return selectorOf(last)
}

// selectorOf reads a node selector: a map, or Nextflow's 'a=b, c=d'.
func selectorOf(n *lint.Node) []label {
	var out []label
	if n == nil {
		return nil
	}
	if n.Kind == lint.Map {
		for _, f := range n.Fields {
			if f.Value.Known() {
				out = append(out, label{f.Key.Value, f.Value.Value, f.Value})
			}
		}
		return out
	}
	for pair := range strings.SplitSeq(n.Text(), ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			out = append(out, label{strings.TrimSpace(key), strings.TrimSpace(value), n})
		}
	}
	return out
}

// requirement is one entry of a NodePool's or NodeOverlay's requirements, or of a node affinity's expressions.
type requirement struct {
	*lint.Node
	Key, Operator string
	Values        []string
	Known         bool // all values stand in the file
}

func requirementsOf(list *lint.Node) []requirement {
	var out []requirement
	for _, n := range list.List() {
		values := n.Get("values").Texts()
		out = append(out, requirement{n, n.Get("key").Text(), n.Get("operator").Text(), values, len(values) == len(n.Get("values").List())})
	}
	return out
}

// allows says whether a node with this label value meets the requirement.
func (r requirement) allows(value string) bool {
	switch r.Operator {
	case "In":
		return !r.Known || slices.Contains(r.Values, value)
	case "NotIn":
		return !slices.Contains(r.Values, value)
	case "DoesNotExist":
		return false
	}
	return true
}

// pins says whether a workload's own nodeSelector or required affinity keeps it off nodes whose label has this value, and
// where; a label of another key says nothing.
func pins(spec *lint.Node, key, value string) *lint.Node {
	if n := spec.Get("nodeSelector", key); n.Known() && n.Value != value {
		return n
	}
	terms := spec.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").List()
	var at *lint.Node
	for _, term := range terms { // any term may hold
		var bad *lint.Node
		for _, r := range requirementsOf(term.Get("matchExpressions")) {
			if r.Key == key && !r.allows(value) {
				bad = r.Node
			}
		}
		if bad == nil {
			return nil
		}
		at = bad
	}
	return at
}
