package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePartOff = lint.Rule{
	ID: "FG309", Slug: "node-part-off", Severity: lint.Error, Since: "0.1",
	Summary: "a DaemonSet that tasks need is kept off the nodes that they run on, by its selector or affinity",
	Check:   checkNodePartOff,
}

func checkNodePartOff(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		wanted := append([]label{{"kubernetes.io/os", "linux", nil}}, t.selector()...)
		wanted = append(wanted, t.archs()...)
		for _, p := range t.parts() {
			for _, n := range strangeLabels(p.PodSpec()) {
				report.At(n, "write kubernetes.io/arch, kubernetes.io/os or kubernetes.io/hostname", "no node has the label %s, which the %s %s asks for: it runs nowhere, and no task starts", n.Value, p.Role, p.Name)
			}
			for _, l := range wanted {
				if at := pins(p.PodSpec(), l.Key, l.Value); at != nil {
					f := report.At(at, "let the DaemonSet run on nodes with "+l.Key+"="+l.Value,
						"the %s %s does not run on nodes with %s=%s, where these tasks run: no task can start there", p.Role, p.Name, l.Key, l.Value)
					f.See(l.At, "tasks run on nodes with this label")
				}
			}
		}
	}
}

// archs are the architectures of the nodes that the tasks run on, as far as the files say.
func (t task) archs() []label {
	var out []label
	add := func(value string, at *lint.Node) {
		if !slices.ContainsFunc(out, func(l label) bool { return l.Value == value }) {
			out = append(out, label{"kubernetes.io/arch", value, at})
		}
	}
	for _, p := range pools(t.set) {
		for _, r := range p.Requirements {
			if r.Key == "kubernetes.io/arch" && r.Operator == "In" && r.Known && t.fits(p) {
				for _, v := range r.Values {
					add(v, r.Node)
				}
			}
		}
	}
	return out
}

// fits says whether a task's pod may run on the nodes of a pool.
func (t task) fits(p pool) bool {
	for _, x := range p.taints() {
		if x.Effect != "PreferNoSchedule" && !tolerates(t.tolerations(), x) {
			return false
		}
	}
	return !slices.ContainsFunc(t.selector(), func(l label) bool { return !p.mayHave(l.Key, l.Value) })
}

// strangeLabels are the keys of a workload's selector and required affinity that are in Kubernetes' own domain and that no node has.
func strangeLabels(spec *lint.Node) []*lint.Node {
	var out []*lint.Node
	add := func(n *lint.Node) {
		if name, own := strings.CutPrefix(n.Text(), "kubernetes.io/"); own && name != "arch" && name != "os" && name != "hostname" {
			out = append(out, n)
		}
	}
	if m := spec.Get("nodeSelector"); m != nil {
		for _, f := range m.Fields {
			add(f.Key)
		}
	}
	for _, term := range spec.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").List() {
		for _, r := range requirementsOf(term.Get("matchExpressions")) {
			if r.Operator == "In" || r.Operator == "Exists" {
				add(r.Get("key"))
			}
		}
	}
	return out
}
