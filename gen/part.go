package gen

import (
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
)

// Parts cuts the trees of single environments out of the tree of all: what is shared, what is their own, and the documents
// about all environments written for the one. All parts together take time in proportion to their number.
func (t *Tree) Parts(envs ...schema.Environment) iter.Seq2[*Tree, error] {
	return func(yield func(*Tree, error) bool) {
		owned := t.byOwner()
		for _, e := range envs {
			one := *t.ws
			one.Environments = []schema.Environment{e}
			b := newBuilder(&one, t.opts)
			u := t.applied[e.Name]
			b.tree.applied[e.Name] = u
			for _, name := range slices.Concat(owned[""], owned[e.Name]) {
				if strings.HasPrefix(name, "base/") && !slices.Contains(u.bases, path.Dir(name)) {
					continue // shared by others
				}
				b.tree.files[name] = t.files[name]
				if o := t.origins[name]; o != nil {
					b.tree.origins[name] = o
				}
			}
			if !yield(b.tree, b.run(joint())) {
				return
			}
		}
	}
}

// byOwner are the names of the separate files by environment; "" has the shared ones.
func (t *Tree) byOwner() map[string][]string {
	known := map[string]bool{}
	for _, e := range t.ws.Environments {
		known[e.Name] = true
	}
	out := map[string][]string{}
	for name := range t.files {
		dirs := strings.SplitN(name, "/", 3)
		switch {
		case name == "nextflow.config" || name == "README.md" || name == SumFile:
		case len(dirs) == 3 && known[dirs[1]] && slices.Contains([]string{"overlays", "iam", "nodes", "platform", "access"}, dirs[0]):
			out[dirs[1]] = append(out[dirs[1]], name)
		default:
			out[""] = append(out[""], name)
		}
	}
	return out
}
