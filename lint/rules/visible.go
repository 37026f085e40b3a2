package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// sight says which objects of a set-up reach the same cluster as another one. Two kustomization roots that render the same
// file are variants (environments): what one holds, the other does not see.
type sight struct {
	set   *lint.Setup
	roots map[*lint.File][]string // the roots that a file is rendered by
	all   []string
}

func newSight(set *lint.Setup) sight {
	s := sight{set: set, roots: map[*lint.File][]string{}}
	for _, o := range set.Objects {
		if o.Root == "" || o.Origin == nil {
			continue
		}
		if !slices.Contains(s.roots[o.Origin.File], o.Root) {
			s.roots[o.Origin.File] = append(s.roots[o.Origin.File], o.Root)
		}
		if !slices.Contains(s.all, o.Root) {
			s.all = append(s.all, o.Root)
		}
	}
	return s
}

// root is the root that an object belongs to: the one that renders it, else the nearest above its file.
func (s sight) root(o *lint.Object) string {
	if o.Root != "" {
		return o.Root
	}
	for dir := path.Dir(o.File.Name); ; dir = path.Dir(dir) {
		if slices.Contains(s.all, dir) {
			return dir
		}
		if dir == "." || dir == "/" || strings.HasSuffix(dir, "..") {
			return ""
		}
	}
}

// sees says whether o is where from is.
func (s sight) sees(from, o *lint.Object) bool {
	a, b := s.root(from), s.root(o)
	return a == "" || b == "" || a == b || !s.variants(a, b)
}

func (s sight) variants(a, b string) bool {
	for _, roots := range s.roots {
		if slices.Contains(roots, a) && slices.Contains(roots, b) {
			return true
		}
	}
	return false
}

// named are the objects of a kind with this namespace and name that reach the cluster of from.
func (s sight) named(from *lint.Object, kind, namespace, name string) []*lint.Object {
	return slices.DeleteFunc(s.set.Named(kind, namespace, name), func(o *lint.Object) bool { return !s.sees(from, o) })
}
