package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// pool is a Karpenter NodePool: nodes that are started for pods.
type pool struct {
	*lint.Object
	Requirements []requirement
}

func pools(set *lint.Setup) []pool {
	var out []pool
	for _, o := range set.Kind("NodePool") {
		if o.Group() == "karpenter.sh" {
			out = append(out, pool{o, requirementsOf(o.Get("spec", "template", "spec", "requirements"))})
		}
	}
	return out
}

// spec of the nodes that the pool starts.
func (p pool) spec() *lint.Node { return p.Get("spec", "template", "spec") }

// auto says whether EKS Auto Mode runs the pool's nodes.
func (p pool) auto() bool { return p.spec().Get("nodeClassRef", "group").Text() == "eks.amazonaws.com" }

// class is the pool's node class in the set-up, or nil.
func (p pool) class(set *lint.Setup) *lint.Object {
	ref := p.spec().Get("nodeClassRef")
	for _, o := range set.Kind(ref.Get("kind").Text()) {
		if o.Name == ref.Get("name").Text() && o.Root == p.Root {
			return o
		}
	}
	return nil
}

// taints that a node of the pool has for good.
func (p pool) taints() []taint { return taintsOf(p.spec().Get("taints")) }

// startupTaints that something takes away once a node is ready.
func (p pool) startupTaints() []taint { return taintsOf(p.spec().Get("startupTaints")) }

// archs are the architectures that the pool's nodes may have.
func (p pool) archs() []string {
	out := []string{"amd64", "arm64"}
	for _, r := range p.Requirements {
		if r.Key == "kubernetes.io/arch" {
			out = slices.DeleteFunc(out, func(a string) bool { return !r.allows(a) })
		}
	}
	return out
}

// families are the instance families that the pool may start, with the requirement that says so; nil where it leaves them open.
func (p pool) families() ([]string, *lint.Node) {
	for _, r := range p.Requirements {
		if r.Operator != "In" || !r.Known {
			continue
		}
		switch {
		case strings.HasSuffix(r.Key, "/instance-family"):
			return r.Values, r.Get("values")
		case r.Key == "node.kubernetes.io/instance-type":
			var out []string
			for _, v := range r.Values {
				family, _, _ := strings.Cut(v, ".")
				if !slices.Contains(out, family) {
					out = append(out, family)
				}
			}
			return out, r.Get("values")
		}
	}
	return nil, nil
}

// localNVMe is the requirement that a node has NVMe disks, with the least size in GiB; nil where there is none.
func (p pool) localNVMe() (*lint.Node, int) {
	for _, r := range p.Requirements {
		if strings.HasSuffix(r.Key, "/instance-local-nvme") {
			switch {
			case r.Operator == "Gt" && len(r.Values) == 1, r.Operator == "Gte" && len(r.Values) == 1:
				size, _ := strconv.Atoi(r.Values[0])
				return r.Node, size
			case r.Operator == "Exists", r.Operator == "In":
				return r.Node, 0
			}
		}
	}
	return nil, 0
}

// sureOfNVMe says whether every node that the pool may start has NVMe disks.
func (p pool) sureOfNVMe() bool {
	if n, _ := p.localNVMe(); n != nil {
		return true
	}
	families, _ := p.families()
	return len(families) > 0 && !slices.ContainsFunc(families, func(f string) bool { return facts.KnownFamily(f) && !facts.NVMe(f) })
}

// labels that each node of the pool has.
func (p pool) label(key string) (string, bool) {
	if n := p.Get("spec", "template", "metadata", "labels", key); n.Known() {
		return n.Value, true
	}
	return "", false
}

// mayHave says whether a node of the pool can carry a label: its own labels, its requirements, or well-known labels that
// any node gets.
func (p pool) mayHave(key, value string) bool {
	if v, ok := p.label(key); ok {
		return v == value
	}
	constrained := false
	for _, r := range p.Requirements {
		if r.Key == key {
			constrained = true
			if !r.allows(value) {
				return false
			}
		}
	}
	return constrained || wellKnown(key)
}

func wellKnown(key string) bool {
	domain, _, _ := strings.Cut(key, "/")
	return slices.Contains([]string{"kubernetes.io", "node.kubernetes.io", "topology.kubernetes.io", "karpenter.sh", "karpenter.k8s.aws", "eks.amazonaws.com", "k8s.io", "beta.kubernetes.io"}, domain) ||
		strings.HasSuffix(domain, ".k8s.aws") || strings.HasSuffix(domain, ".eks.amazonaws.com")
}
