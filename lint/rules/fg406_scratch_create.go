package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var scratchCreate = lint.Rule{
	ID: "FG406", Slug: "scratch-create", Severity: lint.Warning, Since: "0.1",
	Summary: "a pod makes the NVMe directory itself where the disks are not mounted",
	Check:   checkScratchCreate,
}

func checkScratchCreate(set *lint.Setup, report *lint.Reporter) {
	prepares := map[*lint.Node]bool{}
	for _, p := range preparers(set) {
		prepares[p.PodSpec()] = true
	}
	for _, o := range set.Objects {
		spec := o.PodSpec()
		if prepares[spec] {
			continue
		}
		for _, v := range spec.Get("volumes").List() {
			host := v.Get("hostPath")
			kind := host.Get("type")
			if kind.Text() != "DirectoryOrCreate" && kind.Text() != "FileOrCreate" {
				continue
			}
			for _, m := range nvmeMounts(set) {
				clean := path.Clean(host.Get("path").Text())
				if !m.late || clean != m.path && !strings.HasPrefix(clean, m.path+"/") {
					continue
				}
				report.At(kind, "write type: Directory", "%s makes %s where it is missing: on a node whose disks are not mounted yet, its data goes to the root volume, hidden once they are", o.ID(), clean).
					See(m.at, "the disks are mounted here").Safe(lint.Replace(kind, "Directory"))
				break
			}
		}
	}
}
