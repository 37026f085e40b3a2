package rules

import "github.com/fusiongen/fusiongen/lint"

var nvmeDoubleFormat = lint.Rule{
	ID: "FG404", Slug: "nvme-double-format", Severity: lint.Error, Since: "0.1",
	Summary: "two parts of the set-up format the same NVMe disks",
	Check:   checkNVMeDoubleFormat,
}

// instanceStoreAddon is the EKS add-on that takes all instance store disks of a node for volumes of its own.
const instanceStoreAddon = "aws-ec2-local-instance-store-csi-driver"

func checkNVMeDoubleFormat(set *lint.Setup, report *lint.Reporter) {
	type owner struct {
		at   *lint.Node
		name string
		root string
	}
	var owners []owner
	for _, p := range preparers(set) {
		owners = append(owners, owner{p.NameNode(), p.ID(), p.Root})
	}
	nativeFrom := len(owners)
	for _, n := range natives(set) {
		root := ""
		if n.Object != nil {
			root = n.Object.Root
		}
		owners = append(owners, owner{n.Node, n.Name, root})
	}
	nativeTo := len(owners)
	for _, at := range addons(set, instanceStoreAddon) {
		owners = append(owners, owner{at, "the add-on " + instanceStoreAddon, ""})
	}
	for i, a := range owners {
		for j, b := range owners[:i] {
			bothNative := i >= nativeFrom && i < nativeTo && j >= nativeFrom && j < nativeTo // of different nodes, maybe
			if bothNative || a.root != b.root && a.root != "" && b.root != "" || a.name == b.name {
				continue
			}
			report.At(a.at, "keep one of the two; the node's own way needs no privileged pod", "%s and %s both prepare the NVMe disks: the second finds them in use or formats them again under running tasks", b.name, a.name).
				See(b.at, "prepares them too")
		}
	}
}

// addons are the places where an EKS add-on of this name is asked for: eksctl's list, or its driver object.
func addons(set *lint.Setup, name string) []*lint.Node {
	var out []*lint.Node
	for _, o := range set.Kind("ClusterConfig") {
		if n := o.Get("addons").Find("name", name); n != nil {
			out = append(out, n.Get("name"))
		}
	}
	for _, o := range set.Kind("Addon") { // of ACK's EKS controller
		if n := o.Get("spec", "name"); n.Text() == name {
			out = append(out, n)
		}
	}
	return out
}
