package rules

import (
	"regexp"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var referenceDangling = lint.Rule{
	ID: "FG607", Slug: "reference-dangling", Severity: lint.Error, Since: "0.1",
	Summary: "the head's pod mounts a ConfigMap that does not exist under that name",
	Check:   checkReferences,
}

func checkReferences(set *lint.Setup, report *lint.Reporter) {
	for _, o := range headPods(set) {
		for _, n := range configMapsOf(o) {
			if !n.Known() || len(set.Named("ConfigMap", o.Namespace, n.Value)) > 0 {
				continue
			}
			candidates := names(set, "ConfigMap", o.Namespace)
			const consequence = "the pod stays in ContainerCreating for ever"
			hashed := regexp.MustCompile("^" + regexp.QuoteMeta(n.Value) + "-[0-9a-z]{10}$")
			if i := slices.IndexFunc(candidates, hashed.MatchString); i >= 0 {
				report.At(n, "set generatorOptions: {disableNameSuffixHash: true}, or make the head part of the kustomization",
					"%s uses the ConfigMap %s, which kustomize's generator names %s: %s", o.ID(), n.Value, candidates[i], consequence)
				continue
			}
			missing(set, report, n, candidates, "%s uses the ConfigMap %s, which does not exist: %s", o.ID(), n.Value, consequence)
		}
	}
}

// configMapsOf are the names of the ConfigMaps that a workload needs.
func configMapsOf(o *lint.Object) []*lint.Node {
	var out []*lint.Node
	add := func(n *lint.Node) {
		if n.Get("name") != nil && !n.Get("optional").IsTrue() {
			out = append(out, n.Get("name"))
		}
	}
	for _, v := range o.PodSpec().Get("volumes").List() {
		add(v.Get("configMap"))
		for _, s := range v.Get("projected", "sources").List() {
			add(s.Get("configMap"))
		}
	}
	for _, c := range o.PodSpec().Get("containers").List() {
		for _, e := range c.Get("envFrom").List() {
			add(e.Get("configMapRef"))
		}
		for _, e := range c.Get("env").List() {
			add(e.Get("valueFrom", "configMapKeyRef"))
		}
	}
	return out
}
