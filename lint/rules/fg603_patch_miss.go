package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var patchMiss = lint.Rule{
	ID: "FG603", Slug: "kustomize-patch-miss", Severity: lint.Error, Since: "0.1",
	Summary: "a patch or a replacement selects no object, and kustomize says nothing",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, k := range set.Kustomizations {
			if len(k.Node.Get("patches").List())+len(k.Node.Get("patchesJson6902").List())+len(k.Node.Get("replacements").List()) == 0 {
				continue
			}
			objects := reachable(set, k)
			if objects == nil {
				continue // nothing renders it
			}
			component := k.Node.Get("kind").Text() == "Component"
			check := func(target *lint.Node, what string) {
				if component && target.Get("name") == nil {
					return // written for many trees: in this one there may be no such kind
				}
				if target == nil || len(target.Fields) == 0 || slices.ContainsFunc(objects, selecting(target)) {
					return
				}
				f := report.At(target.Fields[0].Key, "name an object that the kustomization holds", "the %s selects no object of this kustomization, and kustomize leaves it out without a word: what it should change stays as it is", what)
				if set.Partial {
					f.NotGiven()
				}
			}
			for _, field := range []string{"patches", "patchesJson6902"} {
				for _, p := range k.Node.Get(field).List() {
					check(p.Get("target"), "patch")
				}
			}
			for _, r := range k.Node.Get("replacements").List() {
				for _, t := range r.Get("targets").List() {
					check(t.Get("select"), "replacement")
				}
			}
		}
	},
}

// reachable are the objects that a kustomization's patches may touch: those below it; of a component, those of the roots that
// use it.
func reachable(set *lint.Setup, k *lint.Kustomization) []*lint.Object {
	if k.Node.Get("kind").Text() != "Component" {
		return renderedBelow(set, k)
	}
	var out []*lint.Object
	for _, user := range set.Kustomizations {
		if user != k && below(set, user)[k.Dir] {
			out = append(out, renderedBelow(set, user)...)
		}
	}
	return out
}
