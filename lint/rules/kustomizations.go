package rules

import (
	"regexp"
	"slices"

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

// selects says whether a selector of a patch or a replacement matches an object, by its names before and after
// transformers. A field that cannot be judged matches.
func selects(target *lint.Node, o *lint.Object) bool {
	before := func(field ...string) string { return o.Origin.Get(field...).Text() }
	group, version := "", ""
	if m := apiVersion.FindStringSubmatch(o.APIVersion); m != nil {
		group, version = m[1], m[2]
	}
	return fits(target.Get("kind"), o.Kind) && fits(target.Get("group"), group) && fits(target.Get("version"), version) &&
		fits(target.Get("name"), o.Name, before("metadata", "name")) && fits(target.Get("namespace"), o.Namespace, before("metadata", "namespace")) &&
		target.Get("labelSelector") == nil && target.Get("annotationSelector") == nil ||
		(target.Get("labelSelector") != nil || target.Get("annotationSelector") != nil) && fits(target.Get("kind"), o.Kind)
}

var apiVersion = regexp.MustCompile(`^(?:(.*)/)?([^/]+)$`)

// fits matches as kustomize does: the pattern is a regular expression for the whole value.
func fits(pattern *lint.Node, values ...string) bool {
	if !pattern.Known() || pattern.Value == "" {
		return true
	}
	re, err := regexp.Compile("^(?:" + pattern.Value + ")$")
	return err != nil || slices.ContainsFunc(values, re.MatchString)
}
