package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var overlayApart = lint.Rule{
	ID: "FG703", Slug: "overlay-apart", Severity: lint.Error, Since: "0.1",
	Summary: "a NodeOverlay applies to no node of the pools that tasks use",
	Check:   checkOverlayApart,
}

func checkOverlayApart(set *lint.Setup, report *lint.Reporter) {
	for _, o := range overlays(set, defaultDevice) {
		for _, r := range requirementsOf(o.Get("spec", "requirements")) {
			for _, p := range pools(set) {
				if p.Root != o.Root || p.auto() || !p.excludes(r) {
					continue
				}
				report.At(r.Node, "give the overlay requirements that the pool's nodes meet", "no node of the pool %s meets the overlay's requirement on %s: Karpenter does not see the device there and starts no node for tasks", p.Name, r.Key).
					See(p.NameNode(), "the pool")
			}
		}
	}
}

// excludes says whether no node of the pool can meet a requirement of an overlay.
func (p pool) excludes(r requirement) bool {
	if r.Operator != "In" || !r.Known {
		return false
	}
	any := func(values []string, ok func(string) bool) bool { return slices.ContainsFunc(values, ok) }
	if r.Key == "kubernetes.io/os" {
		return !any(r.Values, func(v string) bool { return v == "linux" || v == "windows" }) || p.linux() && !slices.Contains(r.Values, "linux")
	}
	if name, own := strings.CutPrefix(r.Key, "kubernetes.io/"); own && name != "arch" {
		return true // no instance type has it
	}
	if r.Key == "karpenter.sh/nodepool" {
		return false // it may mean another pool
	}
	if v, ok := p.label(r.Key); ok {
		return !slices.Contains(r.Values, v)
	}
	for _, own := range p.Requirements {
		if own.Key == r.Key && !any(r.Values, own.allows) {
			return true
		}
	}
	return false
}

// linux says whether the pool's nodes may run Linux.
func (p pool) linux() bool {
	return !slices.ContainsFunc(p.Requirements, func(r requirement) bool { return r.Key == "kubernetes.io/os" && !r.allows("linux") })
}
