package lint

import (
	"path"
	"slices"
	"strings"
)

// Kustomization is one kustomization file.
type Kustomization struct {
	Dir  string
	File *File
	Node *Node

	// Problems are why it cannot be rendered; empty when it can. Remote parts are no problem, but unknown.
	Remote []*Node
}

// kustomizationNames are the file names that kustomize takes.
var kustomizationNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isKustomization(name string) bool {
	return slices.Contains(kustomizationNames[:], path.Base(name))
}

// References are the local paths that a kustomization names, by the field that names them.
func (k *Kustomization) References() []Reference {
	var out []Reference
	add := func(field string, n *Node, isDir bool) {
		if n.Known() && !strings.Contains(n.Value, "\n") {
			out = append(out, Reference{Field: field, Node: n, Path: path.Join(k.Dir, n.Value), Remote: remote(n.Value), Dir: isDir})
		}
	}
	for _, field := range [...]string{"resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators", "patchesStrategicMerge"} {
		for _, n := range k.Node.Get(field).List() {
			add(field, n, field == "resources" || field == "bases" || field == "components")
		}
	}
	for _, field := range [...]string{"patches", "patchesJson6902", "replacements"} {
		for _, n := range k.Node.Get(field).List() {
			add(field, n.Get("path"), false)
		}
	}
	for _, field := range [...]string{"configMapGenerator", "secretGenerator"} {
		for _, gen := range k.Node.Get(field).List() {
			for _, n := range gen.Get("files").List() {
				if !n.Known() {
					continue
				}
				_, file, named := strings.Cut(n.Value, "=")
				if !named {
					file = n.Value
				}
				out = append(out, Reference{Field: field, Node: n, Path: path.Join(k.Dir, file)})
			}
		}
	}
	return out
}

// Reference is a path in a kustomization.
type Reference struct {
	Field  string
	Node   *Node
	Path   string
	Remote bool
	Dir    bool // may be a directory with a kustomization of its own
}

// remote says whether kustomize would fetch it; fusiongen never does.
func remote(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "git@") || strings.HasPrefix(s, "git::") ||
		strings.HasPrefix(s, "github.com/") || strings.Contains(s, "?ref=") || strings.Contains(s, ".git//")
}

// graph are the kustomizations of a tree by directory, loaded when they are named.
type graph struct {
	tree  Tree
	files map[string]*File
	dirs  map[string]*Kustomization // nil: no kustomization there
	yaml  map[*File]parsed
	dull  map[string]bool // files that were read, and concern no set-up
}

// parsed is what a YAML file holds.
type parsed struct {
	docs []*Node
	bad  *syntaxError
}

// docs parses a YAML file once.
func (g *graph) docs(f *File) ([]*Node, *syntaxError) {
	p, ok := g.yaml[f]
	if !ok {
		p.docs, p.bad = parseYAML(whole(f))
		g.yaml[f] = p
	}
	return p.docs, p.bad
}

// forget drops a file that turned out to be of no interest, with its bytes.
func (g *graph) forget(f *File) {
	delete(g.files, f.Name)
	delete(g.yaml, f)
	g.dull[f.Name] = concernOf(f) != own
}

func newGraph(tree Tree) *graph {
	return &graph{tree: tree, files: map[string]*File{}, dirs: map[string]*Kustomization{}, yaml: map[*File]parsed{}, dull: map[string]bool{}}
}

// file reads a file once.
func (g *graph) file(name string) (*File, error) {
	if f, ok := g.files[name]; ok {
		return f, nil
	}
	src, err := g.tree.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f := NewFile(name, src)
	g.files[name] = f
	return f, nil
}

// at is the kustomization of a directory, or nil.
func (g *graph) at(dir string) *Kustomization {
	if k, ok := g.dirs[dir]; ok {
		return k
	}
	g.dirs[dir] = nil
	for _, name := range kustomizationNames {
		f, err := g.file(path.Join(dir, name))
		if err != nil {
			continue
		}
		docs, _ := g.docs(f) // a mistake in it is reported where the file is collected
		if len(docs) == 1 && docs[0].Kind == Map {
			g.dirs[dir] = &Kustomization{Dir: dir, File: f, Node: docs[0]}
		}
		break
	}
	return g.dirs[dir]
}

// broken says whether one of the files is no YAML: kustomize could only say it again, or never end (anchors).
func (g *graph) broken(files []string) bool {
	return slices.ContainsFunc(files, func(name string) bool {
		f, err := g.file(name)
		if ext := path.Ext(name); err != nil || ext != ".yaml" && ext != ".yml" {
			return false // generators take files of any kind
		}
		_, bad := g.docs(f)
		return bad != nil
	})
}

// concerns says whether a kustomization leads to anything of a Nextflow set-up; others are not rendered.
func (g *graph) concerns(top *Kustomization, all []*Kustomization, files []string) bool {
	for _, k := range all {
		if concernOf(k.File) == own {
			return true
		}
	}
	return setupWords.in([]byte(top.Dir)) || slices.ContainsFunc(files, func(name string) bool {
		if g.dull[name] {
			return false
		}
		f, err := g.file(name)
		return err != nil || concernOf(f) == own // what is missing is for kustomize to say
	})
}

// reach are all kustomizations that root leads to, itself first, and the names of all other files they use. fetched are the
// entries that only a network could give; loop is the entry that leads back to where it came from.
func (g *graph) reach(root *Kustomization) (all []*Kustomization, files []string, fetched []*Node, loop *Node) {
	var visit func(k *Kustomization, above []string)
	seen := map[string]bool{}
	visit = func(k *Kustomization, above []string) {
		seen[k.Dir] = true
		all = append(all, k)
		if len(k.Node.Get("helmCharts").List()) > 0 {
			fetched = append(fetched, k.Node.Get("helmCharts"))
		}
		for _, r := range k.References() {
			if r.Remote {
				fetched = append(fetched, r.Node)
				continue
			}
			if r.Dir {
				if slices.Contains(append(above, k.Dir), r.Path) {
					loop = r.Node
					continue
				}
				if next := g.at(r.Path); next != nil {
					if !seen[r.Path] {
						visit(next, append(above, k.Dir))
					}
					continue
				}
			}
			files = append(files, r.Path)
		}
	}
	visit(root, nil)
	return all, files, fetched, loop
}
