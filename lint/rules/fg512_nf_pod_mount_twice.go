package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfPodMountTwice = lint.Rule{
	ID: "FG512", Slug: "nf-pod-mount-twice", Severity: lint.Error, Since: "0.1",
	Summary: "two pod options mount something at one path",
	Check:   checkMountTwice,
}

func checkMountTwice(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		all := slices.Clone(t.Options)
		for _, s := range t.directives("pod") { // a selector's options are added to k8s.pod
			if s.Selector == "" {
				continue
			}
			for _, n := range s.Value.OneOrMore() {
				all = append(all, option{n, "process.pod", s.Selector})
			}
		}
		for i, a := range all {
			for _, b := range all[:i] {
				if !meets(a, b) || !sameMount(a, b) {
					continue
				}
				report.At(a.Get("mountPath"), "remove one of them", "%s is mounted twice: the API server refuses the pod (\"must be unique\")", a.Get("mountPath").Value).
					See(b.Get("mountPath"), "mounted here too")
			}
		}
	}
}

// meets says whether two options can end up in one pod; the pod directive of a selector replaces the one outside of it.
func meets(a, b option) bool {
	return a.Selector == b.Selector || a.Setting != b.Setting && (a.Selector == "" || b.Selector == "")
}

// sameMount says whether both mount at one path, and not the very same thing, which Nextflow keeps once.
func sameMount(a, b option) bool {
	m, n := a.Get("mountPath"), b.Get("mountPath")
	if !m.Known() || !n.Known() || path.Clean(m.Value) != path.Clean(n.Value) {
		return false
	}
	source := func(o option) string { return string(o.File.Src[o.Start:o.End]) }
	return strings.Join(strings.Fields(source(a)), "") != strings.Join(strings.Fields(source(b)), "")
}
