package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var noInstanceFits = lint.Rule{
	ID: "FG713", Slug: "no-instance-fits", Severity: lint.Error, Since: "0.1",
	Summary: "a NodePool's requirements leave no instance type",
	Check:   checkNoInstanceFits,
}

func checkNoInstanceFits(set *lint.Setup, report *lint.Reporter) {
	for _, p := range pools(set) {
		names, at := p.families()
		archs := p.archs()
		unknown := slices.ContainsFunc(names, func(f string) bool { return !facts.KnownFamily(f) })
		local, _ := p.localNVMe()
		fits := slices.ContainsFunc(names, func(f string) bool { return slices.Contains(archs, facts.Arch(f)) && (local == nil || facts.NVMe(f)) })
		switch {
		case len(archs) == 0:
			for _, r := range p.Requirements {
				if r.Key == "kubernetes.io/arch" {
					report.At(r.Node, "write amd64 or arm64", "no node has this architecture: Karpenter starts no node of the pool %s", p.Name)
				}
			}
		case len(names) > 0 && !unknown && !fits:
			why := "of the architecture " + strings.Join(archs, " or ")
			if local != nil {
				why += " with NVMe disks"
			}
			report.At(at, "make the families agree with the other requirements", "none of %s has instances %s: Karpenter starts no node of the pool %s", strings.Join(names, ", "), why, p.Name)
		}
	}
}
