package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var runtimeMissing = lint.Rule{
	ID: "FG326", Slug: "runtime-missing", Severity: lint.Error, Since: "0.1",
	Summary: "the set-up holds what brings /usr/bin/fusion into task pods, but nothing uses it",
	Check:   checkRuntimeMissing,
}

// checkRuntimeMissing is silent where nothing at all brings the binary: the tasks' images may hold it.
func checkRuntimeMissing(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if _, on := t.fusion(); !on || !t.whole() || t.Get("wave.enabled").IsTrue() || t.mount(runtimePath) != nil || t.mutates(runtimePath) {
			continue
		}
		source, how := t.runtimeSource()
		if source == nil {
			continue
		}
		at := t.Key("k8s.pod")
		if at == nil {
			at = t.Begin("k8s")
		}
		f := report.At(at, how, "nothing puts %s into the task pods: every task fails with exit code 127 or 128", runtimePath).
			See(source, "this could bring it")
		if !hasNodeLayer(set) && len(policies(set)) == 0 {
			f.NotGiven() // the part of the cluster that holds the policy is elsewhere
		}
	}
}

// runtimeSource is what the set-up holds to bring the binary, and how it would be used; nil where it holds nothing.
func (t task) runtimeSource() (*lint.Node, string) {
	for _, ns := range t.namespaces() {
		for _, p := range policies(t.set) {
			if strings.Contains(p.Text, runtimePath) && !p.reaches(t.set, ns) {
				return p.NameNode(), "make the binding of " + p.Name + " select the namespace " + ns.Name + " (its labels, the binding's namespaceSelector)"
			}
		}
	}
	for _, o := range t.set.Named("CSIDriver", "", ownDriver) {
		return o.NameNode(), "add to k8s.pod: [csi: [driver: '" + ownDriver + "', readOnly: true, volumeAttributes: [type: 'runtime']], mountPath: '" + runtimePath + "']"
	}
	for _, o := range t.set.Kind("DaemonSet") {
		for _, c := range o.PodSpec().Get("initContainers").List() {
			words := arguments(c)
			if len(words) > 1 && words[0].Text() == runtimePath && words[1].Text() == "install" {
				return o.NameNode(), "add to k8s.pod: [hostPath: 'DIRECTORY/fusion', mountPath: '" + runtimePath + "'] with the directory that the DaemonSet fills"
			}
		}
	}
	for _, ns := range t.namespaces() {
		if n := ns.Get("metadata", "labels", "fusiongen.dev/inject"); n.Known() {
			return n, "add the admission policy that the label asks for, with its binding"
		}
	}
	return nil, ""
}
