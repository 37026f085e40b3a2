package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var nvmeNone = lint.Rule{
	ID: "FG401", Slug: "nvme-none", Severity: lint.Warning, Since: "0.1",
	Summary: "nodes are chosen for their NVMe disks, and nothing prepares the disks",
	Check:   checkNVMeNone,
}

func checkNVMeNone(set *lint.Setup, report *lint.Reporter) {
	if len(preparers(set)) > 0 {
		return
	}
	const hint = "set instanceStorePolicy: RAID0 on the EC2NodeClass, or localStorage in the nodes' NodeConfig"
	const message = "the instances have NVMe disks (%s) and nothing formats or mounts them: tasks write to the root volume, and the disks are paid for in vain"
	for _, p := range pools(set) {
		class := p.class(set)
		if class == nil || class.Kind != "EC2NodeClass" || !p.sureOfNVMe() || prepared(set, class) {
			continue
		}
		why, _ := p.localNVMe()
		names, at := p.families()
		if why == nil {
			why = at
		}
		what := strings.Join(names, ", ")
		if what == "" {
			what = "instance-local-nvme"
		}
		report.At(class.NameNode(), hint, message, what).See(why, "asks for them")
	}
	for _, n := range groupTypes(set) {
		if facts.NVMe(n.Value) && len(natives(set)) == 0 {
			report.At(n, hint, message, n.Value)
		}
	}
}

// prepared says whether the nodes of a class prepare their disks: by the class, by its user data, or by user data that
// stands by itself.
func prepared(set *lint.Setup, class *lint.Object) bool {
	return slices.ContainsFunc(natives(set), func(n native) bool { return n.Object == class || n.Object == nil }) || class.Get("spec", "userData").Unknown()
}

// groupTypes are the instance types of eksctl's node groups that have no bootstrap script of their own.
func groupTypes(set *lint.Setup) []*lint.Node {
	var out []*lint.Node
	for _, o := range set.Kind("ClusterConfig") {
		for _, groups := range [...]string{"nodeGroups", "managedNodeGroups"} {
			for _, g := range o.Get(groups).List() {
				if g.Get("preBootstrapCommands") != nil || g.Get("overrideBootstrapCommand") != nil || g.Get("launchTemplate") != nil {
					continue
				}
				if n := g.Get("instanceType"); n.Known() {
					out = append(out, n)
				}
				for _, n := range g.Get("instanceTypes").List() {
					if n.Known() {
						out = append(out, n)
					}
				}
			}
		}
	}
	return out
}
