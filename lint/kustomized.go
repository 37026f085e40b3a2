package lint

import (
	"path"
	"strings"
)

// render replaces the files that kustomizations reach by what kustomize makes of them, and says which files those are.
func (c *collector) render(set *Setup, files []*source) map[string]bool {
	found := c.kustomizations(files)
	referenced := map[string]bool{}
	for _, k := range found {
		for _, r := range k.References() {
			referenced[r.Path] = true
		}
	}
	rendered := map[string]bool{}
	seen, looping := map[*Kustomization]bool{}, map[string]bool{}
	for _, k := range found {
		all, used, fetched, loop := c.graph.reach(k)
		if referenced[k.Dir] && loop == nil {
			continue
		}
		if loop == nil && !c.graph.concerns(k, all, used) {
			for _, name := range used {
				rendered[name] = true
			}
			continue
		}
		for _, member := range all {
			if !seen[member] {
				seen[member] = true
				set.Kustomizations = append(set.Kustomizations, member)
			}
		}
		if k.Node.Get("kind").Text() == "Component" {
			continue // renders only inside of another
		}
		if loop != nil && !looping[k.Dir] {
			for _, member := range all {
				looping[member.Dir] = true
			}
			set.Problems = append(set.Problems, Problem{File: loop.File, At: loop.Start, End: loop.End, Message: "this kustomization includes itself"})
		}
		if len(fetched) > 0 || loop != nil || c.graph.broken(used) {
			set.Partial = true // its local files are read as they stand
			continue
		}
		objects, err := c.graph.render(k, all)
		if err != nil {
			set.Partial = true
			set.Problems = append(set.Problems, Problem{File: k.File, At: k.Node.Start, End: k.Node.Start, Message: "kustomize cannot build this: " + firstLine(err.Error())})
			continue
		}
		set.Objects = append(set.Objects, objects...)
		for _, name := range used {
			rendered[name] = true
		}
	}
	return rendered
}

// kustomizations are those among the files; pages only show some.
func (c *collector) kustomizations(files []*source) []*Kustomization {
	var out []*Kustomization
	for _, s := range files {
		for _, d := range s.docs {
			if d.kind != formKustomization || d.page {
				continue
			}
			if k := c.graph.at(path.Dir(s.Name)); k != nil {
				out = append(out, k)
			}
		}
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
