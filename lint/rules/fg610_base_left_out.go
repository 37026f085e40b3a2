package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var baseLeftOut = lint.Rule{
	ID: "FG610", Slug: "base-left-out", Severity: lint.Error, Since: "0.1",
	Summary: "a directory below a kustomization holds what a run needs, and no kustomization names it",
	Check:   checkLeftOut,
}

func checkLeftOut(set *lint.Setup, report *lint.Reporter) {
	named := map[string]bool{}
	for _, k := range set.Kustomizations {
		for _, r := range k.References() {
			named[r.Path] = true
		}
	}
	for _, left := range set.Kustomizations {
		if named[left.Dir] || left.Node.Get("kind").Text() == "Component" || applied(set, left.Dir) {
			continue
		}
		top := above(set, left)
		if top == nil {
			continue
		}
		for _, o := range set.Objects {
			if o.Root != left.Dir || !partOfRun(o) {
				continue
			}
			user, setting := neededBy(set, o), askedBy(set, o)
			if setting == nil && (user == nil || user.Root == left.Dir) {
				continue
			}
			at := orNode(top.Node.Get("resources"), top.Node)
			f := report.At(at, "add "+strings.TrimPrefix(left.Dir, top.Dir+"/")+" to resources; apply it by itself only where another team does", "%s leaves out %s, which no kustomization names: %s is then not there, and a run needs it", top.File.Name, left.Dir, o.ID())
			if setting != nil {
				f.See(setting, "this asks for it")
			} else {
				f.See(user.NameNode(), "%s needs it", user.ID())
			}
			break
		}
	}
}

// above is the nearest kustomization in a directory above that does not lead down from it: an overlay of what is above is no part of it.
func above(set *lint.Setup, left *lint.Kustomization) *lint.Kustomization {
	var best *lint.Kustomization
	reached := below(set, left)
	for _, k := range set.Kustomizations {
		inside := k.Dir == "." && left.Dir != "." || strings.HasPrefix(left.Dir, k.Dir+"/")
		if inside && !reached[k.Dir] && k.Node.Get("kind").Text() != "Component" && (best == nil || len(k.Dir) > len(best.Dir)) {
			best = k
		}
	}
	return best
}

// applied says whether Argo CD or Flux applies a directory by itself.
func applied(set *lint.Setup, dir string) bool {
	return slices.ContainsFunc(set.Objects, func(o *lint.Object) bool {
		for _, n := range [...]*lint.Node{o.Get("spec", "path"), o.Get("spec", "source", "path")} {
			if path := strings.Trim(strings.TrimPrefix(n.Text(), "./"), "/"); path != "" && strings.HasSuffix("/"+dir, "/"+path) {
				return true
			}
		}
		return false
	})
}
