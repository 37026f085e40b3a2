package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nvmePath = lint.Rule{
	ID: "FG403", Slug: "nvme-path", Severity: lint.Error, Since: "0.1",
	Summary: "tasks use another directory of the node than the one that lies on the NVMe disks",
	Check:   checkNVMePath,
}

func checkNVMePath(set *lint.Setup, report *lint.Reporter) {
	mounts := nvmeMounts(set)
	if len(mounts) == 0 {
		return
	}
	for _, t := range taskPods(set) {
		o := t.scratch()
		host := o.Get("hostPath")
		if !host.Known() {
			continue
		}
		clean := path.Clean(host.Value)
		found := false
		for _, m := range mounts {
			found = found || clean == m.path || strings.HasPrefix(clean, m.path+"/")
		}
		if found {
			continue
		}
		f := report.At(host, "mount "+mounts[0].path, "tasks keep their files in %s, and the NVMe disks are mounted at %s: containerd makes the missing directory on the node's root volume without a word, and it fills up", clean, mounts[0].path)
		f.See(mounts[0].at, "mounts the disks here")
		f.Unsafe(lint.Replace(host, mounts[0].path))
	}
}

// scratch is the option that gives the tasks their /tmp, with an absent node where none does.
func (t task) scratch() option {
	if o := t.mount("/tmp"); o != nil {
		return *o
	}
	return option{}
}

type nvmeMount struct {
	path string
	at   *lint.Node
	late bool // a DaemonSet mounts them, when kubelet has started long ago
}

// nvmeMounts are the directories of a node at which the set-up mounts NVMe disks, as far as the files say.
func nvmeMounts(set *lint.Setup) []nvmeMount {
	var out []nvmeMount
	for _, p := range preparers(set) {
		if v, n := flag(arguments(p.Container), "mount"); n != nil && path.IsAbs(v) {
			out = append(out, nvmeMount{path.Clean(v), n, true})
			continue
		}
		for _, v := range p.PodSpec().Get("volumes").List() {
			for _, m := range p.Container.Get("volumeMounts").List() {
				if m.Get("name").Text() == v.Get("name").Text() && m.Get("mountPropagation").Text() == "Bidirectional" {
					out = append(out, nvmeMount{path.Clean(v.Get("hostPath", "path").Text()), v.Get("hostPath", "path"), true})
				}
			}
		}
	}
	for _, n := range natives(set) {
		switch {
		case n.Kubelet && n.Object != nil && n.Object.Kind == "EC2NodeClass", n.Value == "RAID0", n.Value == "RAID10", n.Value == "Mount":
			out = append(out, nvmeMount{"/mnt/k8s-disks", n.Node, false})
		}
	}
	return out
}
