package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nvmeGate = lint.Rule{
	ID: "FG409", Slug: "nvme-gate", Severity: lint.Warning, Since: "0.1",
	Summary: "tasks can start on a node before its disks are ready, or its preparer never can",
	Check:   checkNVMeGate,
}

func checkNVMeGate(set *lint.Setup, report *lint.Reporter) {
	for _, p := range preparers(set) {
		key, at := flag(arguments(p.Container), "taint")
		if at == nil {
			checkUngated(set, p, report)
			continue
		}
		list := p.PodSpec().Get("tolerations")
		if !tolerates(list.List(), taint{Key: key}) {
			place := list
			if place == nil {
				place = p.NameNode()
			}
			report.At(place, "give the DaemonSet the toleration {operator: Exists}", "%s does not tolerate %s, the taint that it is to remove: it never runs, and no task starts on any such node", p.ID(), key).
				As(lint.Error).See(at, "the taint")
		}
		for _, x := range pools(set) {
			if x.Root != p.Root || x.auto() || slices.ContainsFunc(x.startupTaints(), func(t taint) bool { return t.Key == key }) {
				continue
			}
			if i := slices.IndexFunc(x.taints(), func(t taint) bool { return t.Key == key }); i >= 0 {
				report.At(x.taints()[i].Node, "move it to startupTaints", "Karpenter takes %s for a lasting taint of the pool %s: it starts no node for tasks, which do not tolerate it", key, x.Name).As(lint.Error)
				continue
			}
			report.At(x.NameNode(), "add startupTaints: [{key: "+key+", effect: NoExecute}]", "nodes of the pool %s are not born with %s: tasks start before the disks are mounted and write to the root volume", x.Name, key).
				See(at, "removed when the disks are ready")
		}
	}
	if len(preparers(set)) == 0 {
		for _, x := range pools(set) {
			for _, t := range x.startupTaints() {
				if t.Key == "fusiongen.dev/nvme-not-ready" {
					report.At(t.Node, "remove it, or add the preparer", "nothing here removes the startup taint %s: no task ever starts on nodes of the pool %s", t.Key, x.Name).As(lint.Error)
				}
			}
		}
	}
}

// checkUngated speaks of preparers without a taint of their own: only a node label could keep tasks away meanwhile.
func checkUngated(set *lint.Setup, p preparer, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if host := t.scratch().Get("hostPath"); host != nil && len(t.selector()) == 0 {
			report.At(host, "select a node label that is set once the disks are mounted, or give the nodes a startup taint that the preparer removes",
				"tasks can start on a node before %s has mounted its disks: containerd then makes the directory on the root volume", p.ID()).See(p.NameNode(), "mounts the disks")
		}
	}
}
