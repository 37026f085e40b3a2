package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePartPowers = lint.Rule{
	ID: "FG331", Slug: "node-part-powers", Severity: lint.Error, Since: "0.1",
	Summary: "a node part of fusiongen is started in a way that it cannot work in",
	Check:   checkNodePartPowers,
}

// ownPrograms are those of our image, as the first word of a command.
var ownPrograms = []string{"/usr/bin/fusion", "/usr/bin/fuse-device-plugin", "/usr/bin/nvme-prep", "/usr/bin/fusion-node"}

func checkNodePartPowers(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("DaemonSet") {
		spec := o.PodSpec()
		for _, list := range [...]string{"initContainers", "containers"} {
			for _, c := range spec.Get(list).List() {
				image := c.Get("image").Text()
				if !strings.HasPrefix(image, "ghcr.io/fusiongen/fusion") {
					continue
				}
				command := c.Get("command").List()
				if len(command) == 0 {
					report.At(c.Get("image"), "write the command, one of "+strings.Join(ownPrograms, ", "), "the image starts /usr/bin/fusion where no command is given, which ends at once: the pod restarts for ever")
					continue
				}
				if program := command[0]; program.Known() && !slices.Contains(ownPrograms, program.Value) {
					f := report.At(program, "write one of "+strings.Join(ownPrograms, ", "), "the image has no program %s: the container does not start", program.Value)
					if near := typo(program.Value, ownPrograms); near != "" {
						f.Safe(lint.Replace(program, near))
					}
					continue
				}
				checkPowers(o, c, path.Base(command[0].Text()), report)
			}
		}
	}
}

func checkPowers(o *lint.Object, c *lint.Node, program string, report *lint.Reporter) {
	security := c.Get("securityContext")
	lacks := func(what, why string) {
		report.At(c.Get("command"), "set "+what, "%s needs %s: %s", program, what, why)
	}
	if program != "nvme-prep" && program != "fusion-node" {
		return
	}
	if !security.Get("privileged").IsTrue() {
		lacks("privileged: true", "it mounts file systems")
	}
	if user := security.Get("runAsUser"); user.Known() && user.Value != "0" {
		lacks("runAsUser: 0", "it mounts file systems")
	}
	if n := c.Get("env").Find("name", "NODE_NAME"); n == nil || n.Get("valueFrom", "fieldRef", "fieldPath").Text() != "spec.nodeName" && n.Get("value") == nil {
		lacks("the variable NODE_NAME from spec.nodeName", "it must know its own node")
	}
	switch program {
	case "nvme-prep":
		if !o.PodSpec().Get("hostPID").IsTrue() {
			lacks("hostPID: true", "it mounts the disks in the namespace of the node's first process, where tasks can see them")
		}
	case "fusion-node":
		if dir, at := flag(arguments(c), "scratch"); at != nil {
			if _, ok := onHost(o.PodSpec(), c, path.Join(dir, "x")); !ok {
				report.At(at, "mount a host path at "+dir, "%s is no directory of the node in this pod: the tasks' scratch volumes fill the container's own layer", dir)
			}
		}
		shared := slices.ContainsFunc(c.Get("volumeMounts").List(), func(m *lint.Node) bool {
			v := o.PodSpec().Get("volumes").Find("name", m.Get("name").Text())
			return m.Get("mountPropagation").Text() == "Bidirectional" && m.Get("mountPath").Text() == "/var/lib/kubelet" && v.Get("hostPath", "path").Text() == "/var/lib/kubelet"
		})
		if !shared {
			lacks("the host path /var/lib/kubelet at the same path with mountPropagation: Bidirectional", "kubelet and the tasks' pods must see the volumes that it mounts")
		}
	}
}
