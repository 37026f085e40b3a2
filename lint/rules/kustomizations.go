package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// below are the directories and files that a kustomization leads to, itself among them.
func below(set *lint.Setup, k *lint.Kustomization) map[string]bool {
	out := map[string]bool{k.Dir: true}
	todo := []*lint.Kustomization{k}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		for _, r := range next.References() {
			if out[r.Path] {
				continue
			}
			out[r.Path] = true
			if i := slices.IndexFunc(set.Kustomizations, func(o *lint.Kustomization) bool { return o.Dir == r.Path }); i >= 0 {
				todo = append(todo, set.Kustomizations[i])
			}
		}
	}
	return out
}

// renderedBelow are the objects that come from files below a kustomization, by the roots that lead to it.
func renderedBelow(set *lint.Setup, k *lint.Kustomization) []*lint.Object {
	files := below(set, k)
	return slices.DeleteFunc(slices.Clone(set.Objects), func(o *lint.Object) bool {
		return o.Root == "" || o.Origin == nil || !files[o.Origin.File.Name]
	})
}

// selecting says of an object whether a selector of a patch or a replacement matches it, by its names before and after
// transformers. Selectors by label or annotation are taken to match.
func selecting(target *lint.Node) func(*lint.Object) bool {
	kind, group, version := pattern(target.Get("kind")), pattern(target.Get("group")), pattern(target.Get("version"))
	name, namespace := pattern(target.Get("name")), pattern(target.Get("namespace"))
	return func(o *lint.Object) bool {
		before := func(field string) string { return o.Origin.Get("metadata", field).Text() }
		_, v, found := strings.Cut(o.APIVersion, "/")
		if !found {
			v = o.APIVersion
		}
		return kind(o.Kind) && group(o.Group()) && version(v) && name(o.Name, before("name")) && namespace(o.Namespace, before("namespace"))
	}
}

// pattern matches as kustomize does: a regular expression for the whole value. What is absent or unknown matches all.
func pattern(n *lint.Node) func(values ...string) bool {
	re, err := regexp.Compile("^(?:" + n.Text() + ")$")
	if !n.Known() || n.Value == "" || err != nil {
		return func(...string) bool { return true }
	}
	return func(values ...string) bool { return slices.ContainsFunc(values, re.MatchString) }
}
