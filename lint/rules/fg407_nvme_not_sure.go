package rules

import "github.com/fusiongen/fusiongen/lint"

var nvmeNotSure = lint.Rule{
	ID: "FG407", Slug: "nvme-not-sure", Severity: lint.Error, Since: "0.1",
	Summary: "NVMe disks are to be prepared, and nothing makes sure that nodes have any",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range pools(set) {
			where, how := p.preparation(set)
			local, _ := p.localNVMe()
			if names, _ := p.families(); where == nil || local != nil || len(names) > 0 {
				continue
			}
			at := p.spec().Get("requirements")
			if at == nil {
				at = p.NameNode()
			}
			report.At(at, "add the requirement {key: karpenter.k8s.aws/instance-local-nvme, operator: Gt, values: [\"100\"]}",
				"%s is to prepare NVMe disks, and the pool %s may start instances that have none: what tasks write fills their small root volume", how, p.Name).
				See(where, "prepares the disks")
		}
	},
}
