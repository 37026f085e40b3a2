package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var nvmeNoDisk = lint.Rule{
	ID: "FG402", Slug: "nvme-no-disk", Severity: lint.Error, Since: "0.1",
	Summary: "NVMe disks are prepared on instance families that have none",
	Check:   checkNVMeNoDisk,
}

func checkNVMeNoDisk(set *lint.Setup, report *lint.Reporter) {
	for _, p := range pools(set) {
		where, how := p.preparation(set)
		names, at := p.families()
		without := slices.DeleteFunc(slices.Clone(names), func(f string) bool { return !facts.KnownFamily(f) || facts.NVMe(f) })
		if where == nil || len(without) == 0 {
			continue
		}
		if n, _ := p.localNVMe(); n != nil && len(without) < len(names) {
			continue // the requirement leaves out those without
		}
		f := report.At(at, "take families with NVMe disks, such as "+nvmeOf(without[0])+", or add the requirement karpenter.k8s.aws/instance-local-nvme Gt 100",
			"there is no NVMe disk in %s, and %s is to prepare one: what tasks write fills the small root volume, and they are evicted", strings.Join(without, ", "), how)
		f.See(where, "prepares the disks")
		if len(without) < len(names) {
			f.As(lint.Warning)
		}
	}
}

// preparation is what prepares the disks of the pool's nodes, or nil.
func (p pool) preparation(set *lint.Setup) (*lint.Node, string) {
	class := p.class(set)
	for _, n := range natives(set) {
		if class != nil && n.Object == class && !p.auto() {
			return n.Node, n.Name
		}
	}
	for _, x := range preparers(set) {
		if x.Root == p.Root {
			return x.NameNode(), x.ID()
		}
	}
	return nil, ""
}

// nvmeOf is a family like the given one that has disks: c6i has c6id.
func nvmeOf(family string) string {
	for _, f := range facts.Families() {
		if f.NVMe && strings.HasPrefix(f.Name, family) {
			return f.Name
		}
	}
	return "c6id"
}
