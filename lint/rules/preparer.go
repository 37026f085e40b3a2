package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// preparer is a container of a DaemonSet that makes file systems on the nodes' NVMe disks.
type preparer struct {
	*lint.Object
	Container *lint.Node
	Script    *lint.Node // the word of the command line that holds a shell script, or nil
}

var formats = regex.Lazy(`\bmkfs(?:\.\w+)?\b|\bmdadm\b[^\n]*--create|\bsetup-local-disks\b|\blvcreate\b`)
var preparerImage = regex.Lazy(`nvme|local-ssd|ssd-provisioner|instance-store`)

// preparers are the set-up's DaemonSets that format NVMe disks.
func preparers(set *lint.Setup) []preparer {
	var out []preparer
	for _, o := range set.Kind("DaemonSet") {
		spec := o.PodSpec()
		for _, c := range append(slices.Clone(spec.Get("initContainers").List()), spec.Get("containers").List()...) {
			words := arguments(c)
			script := slices.IndexFunc(words, func(w *lint.Node) bool { return formats().MatchString(w.Value) }) // a shell writes ${ too
			privileged := c.Get("securityContext", "privileged").IsTrue()
			switch {
			case script >= 0:
				out = append(out, preparer{o, c, words[script]})
			case len(words) > 0 && path.Base(words[0].Text()) == "nvme-prep",
				privileged && preparerImage().MatchString(c.Get("image").Text()):
				out = append(out, preparer{o, c, nil})
			}
		}
	}
	return out
}

// native is a node setting that prepares the NVMe disks before kubelet starts.
type native struct {
	*lint.Node
	Name    string       // "instanceStorePolicy of EC2NodeClass x"
	Kubelet bool         // kubelet's and containerd's directories, and so each emptyDir, lie on the disks
	Object  *lint.Object // the node class, or nil
}

// natives are the set-up's node settings that prepare NVMe disks.
func natives(set *lint.Setup) []native {
	var out []native
	for _, o := range set.Kind("EC2NodeClass") {
		if n := o.Get("spec", "instanceStorePolicy"); n.Text() != "" {
			out = append(out, native{n, "instanceStorePolicy of " + o.ID(), true, o})
		}
	}
	for _, u := range set.UserData {
		switch u.Kind {
		case lint.NodeConfig:
			if n := u.Get("spec", "instance", "localStorage", "strategy"); n.Text() != "" {
				out = append(out, native{n, "localStorage of the NodeConfig", n.Value != "Mount", u.Object})
			}
		case lint.Bottlerocket:
			if n := ephemeralStorage(u.Node, "init"); n != nil {
				out = append(out, native{n, "ephemeral-storage of the Bottlerocket settings", true, u.Object})
			}
		case lint.Shell:
			if strings.Contains(u.Value, "setup-local-disks") || strings.Contains(u.Value, "--local-disks") {
				out = append(out, native{u.Node, "setup-local-disks of the user data", !strings.Contains(u.Value, "setup-local-disks mount"), u.Object})
			}
		}
	}
	for _, o := range autoClasses(set) {
		out = append(out, native{o.NameNode(), "EKS Auto Mode (" + o.ID() + ")", true, o})
	}
	return out
}

// ephemeralStorage is the bootstrap command `apiclient ephemeral-storage VERB` of Bottlerocket settings, or nil.
func ephemeralStorage(n *lint.Node, verb string) *lint.Node {
	commands := n.Get("settings", "bootstrap-commands")
	if commands == nil {
		return nil
	}
	for _, f := range commands.Fields {
		for _, c := range f.Value.Get("commands").List() {
			words := c.Texts()
			if len(words) > 2 && words[1] == "ephemeral-storage" && words[2] == verb {
				return c
			}
		}
	}
	return nil
}

// autoClasses are the node classes of EKS Auto Mode.
func autoClasses(set *lint.Setup) []*lint.Object {
	return slices.DeleteFunc(set.Kind("NodeClass"), func(o *lint.Object) bool { return o.Group() != "eks.amazonaws.com" })
}

// hasNodeLayer says whether the set-up says anything of nodes, so that what it does not say is not there.
func hasNodeLayer(set *lint.Setup) bool {
	makesNodes := func(o *lint.Object) bool { return o.Get("nodeGroups") != nil || o.Get("managedNodeGroups") != nil }
	return len(set.UserData) > 0 || len(set.Kind("DaemonSet", "NodePool", "EC2NodeClass", "NodeClass", "DeviceClass")) > 0 || slices.ContainsFunc(set.Kind("ClusterConfig"), makesNodes)
}
