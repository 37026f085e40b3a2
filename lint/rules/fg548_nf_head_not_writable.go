package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfHeadNotWritable = lint.Rule{
	ID: "FG548", Slug: "nf-head-not-writable", Severity: lint.Error, Since: "0.1",
	Summary: "a head that is not root cannot write where Nextflow must",
	Check:   checkHeadWritable,
}

// checkHeadWritable looks at heads of Nextflow's own image, in which everything belongs to root: its directory / and NXF_HOME=/.nextflow.
func checkHeadWritable(set *lint.Setup, report *lint.Reporter) {
	for _, h := range headContainers(set) {
		if !nextflows(h.Container) || !notRoot(h) || h.open() {
			continue
		}
		const ends = "which its user may not: Nextflow ends at once"
		dir := h.Container.Get("workingDir")
		if at := orContainer(dir, h); !dir.Unknown() && !h.writable(dir.Text()) {
			report.At(at, "set workingDir to the path of a volume, such as an emptyDir", "Nextflow writes .nextflow and its log into the directory that %s starts in, %s", h.ID(), ends)
		}
		home := h.env("NXF_HOME")
		if at := orContainer(home, h); !home.Unknown() && !h.writable(home.Text()) {
			report.At(at, "set NXF_HOME to a directory in a volume", "Nextflow keeps plugins and pipelines in NXF_HOME, and %s writes into the image, %s", h.ID(), ends)
		}
	}
}

func orContainer(n *lint.Node, h head) *lint.Node {
	if n == nil || n.File == nil {
		return h.Container.Get("name")
	}
	return n
}

// notRoot says whether the head's container surely runs as another user.
func notRoot(h head) bool {
	for _, security := range [...]*lint.Node{h.Container.Get("securityContext"), h.PodSpec().Get("securityContext")} {
		if user := security.Get("runAsUser"); user.Known() {
			return user.Value != "0"
		}
		if security.Get("runAsNonRoot").IsTrue() {
			return true
		}
	}
	return false
}

// writable says whether a path lies in a volume that the container mounts for writing.
func (h head) writable(dir string) bool {
	for _, m := range h.Container.Get("volumeMounts").List() {
		path := strings.TrimRight(m.Get("mountPath").Text(), "/")
		if m.Get("mountPath").Unknown() || (dir == path || strings.HasPrefix(dir, path+"/")) && !m.Get("readOnly").IsTrue() && path != "" {
			return true
		}
	}
	return false
}
