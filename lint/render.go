package lint

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const originAnnotation = "config.kubernetes.io/origin"

// render is what kustomize makes of a root, each value with the place that a person would edit. The caller has made
// sure that nothing in it is fetched.
func (g *graph) render(top *Kustomization, all []*Kustomization) ([]*Object, error) {
	if objects, ok := g.plain(top); ok {
		return objects, nil
	}
	virtual, err := root(g.tree)
	if err != nil {
		return nil, err
	}
	disk := &renderFS{graph: g, virtual: virtual, replace: map[string][]byte{}}
	for _, k := range all {
		if err := disk.present(k, k == top); err != nil {
			return nil, err
		}
	}
	resources, err := kustomize(disk, disk.path(top.Dir))
	if err != nil {
		return nil, fmt.Errorf("%s", strings.ReplaceAll(err.Error(), disk.virtual+"/", ""))
	}
	patches := g.patches(all)
	var out []*Object
	for _, r := range resources.Resources() {
		for _, o := range objects(withoutPlaces(r.YNode()), top.Dir) {
			g.place(o, top, patches)
			out = append(out, o)
		}
	}
	return out, nil
}

// kustomize builds a directory. It panics on some objects that are not what they should be (a null among the subjects of a
// binding); that is an error like any other.
func kustomize(disk filesys.FileSystem, dir string) (resources resmap.ResMap, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("it stops at an object that is not whole: %v", cause)
		}
	}()
	return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, dir)
}

// place gives every value of a rendered object its place in the files.
func (g *graph) place(o *Object, root *Kustomization, patches []patch) {
	var origin struct {
		Path         string `yaml:"path"`
		ConfiguredIn string `yaml:"configuredIn"`
	}
	annotations := o.Get("metadata", "annotations")
	_ = yaml.Unmarshal([]byte(annotations.Get(originAnnotation).Text()), &origin) // kustomize wrote it
	o.Node.drop("metadata", "annotations", originAnnotation)

	entry := root.Node
	var sources []*Node
	if origin.Path != "" {
		sources = g.source(path.Join(root.Dir, origin.Path), o)
	}
	if origin.ConfiguredIn != "" {
		if k := g.at(path.Dir(path.Join(root.Dir, origin.ConfiguredIn))); k != nil {
			entry = k.Node
		}
	}
	if len(sources) > 0 {
		entry, o.Origin = sources[0], sources[0]
	}
	for _, p := range patches {
		if p.touches(o) {
			sources = append(sources, p.value)
		}
	}
	placeNode(o.Node, sources, entry)
}

// source finds the document that an object was rendered from: its kind, and its name before prefixes.
func (g *graph) source(name string, o *Object) []*Node {
	f, err := g.file(name)
	if err != nil {
		return nil
	}
	docs, _ := g.docs(f)
	var candidates []*Node
	for _, doc := range docs {
		for _, c := range objects(doc, "") {
			if name := c.written(); c.Kind == o.Kind && name != "" && strings.Contains(o.written(), name) {
				candidates = append(candidates, c.Node)
			}
		}
	}
	for _, c := range candidates {
		if n := c.Get("metadata", "name"); n != nil && n.Value == o.written() {
			return []*Node{c}
		}
	}
	if len(candidates) > 1 {
		candidates = candidates[:1]
	}
	return candidates
}

// placeNode walks a rendered value beside the values it may stem from: the origin first, patches after it.
func placeNode(n *Node, sources []*Node, entry *Node) {
	from := entry
	for i, s := range sources {
		if i == 0 || n.scalar() && s.Kind == n.Kind && s.Value == n.Value {
			from = s
		}
	}
	n.File, n.Start, n.End = from.File, from.Start, from.End
	for _, f := range n.Fields {
		var below []*Node
		key := from
		for _, s := range sources {
			if sf := s.Field(f.Key.Value); sf != nil {
				below, key = append(below, sf.Value), sf.Key
			}
		}
		f.Key.File, f.Key.Start, f.Key.End = key.File, key.Start, key.End
		placeNode(f.Value, below, from)
	}
	for i, item := range n.Items {
		var below []*Node
		for _, s := range sources {
			if match := counterpart(s, n, i); match != nil {
				below = append(below, match)
			}
		}
		placeNode(item, below, from)
	}
}

func (n *Node) scalar() bool { return n.Kind != Map && n.Kind != List }

// counterpart is the item of a source list that item i of a rendered list stems from: by name, by value, by index.
func counterpart(source, rendered *Node, i int) *Node {
	if source == nil || source.Kind != List {
		return nil
	}
	item := rendered.Items[i]
	if name := item.Get("name").Text(); name != "" {
		return source.Find("name", name)
	}
	if item.Kind != Map && item.Kind != List {
		for _, s := range source.Items {
			if s.Value == item.Value {
				return s
			}
		}
	}
	if len(source.Items) == len(rendered.Items) {
		return source.Items[i]
	}
	return nil
}

// drop removes a field, and the maps around it that become empty.
func (n *Node) drop(keys ...string) {
	parent := n.Get(keys[:len(keys)-1]...)
	if parent == nil {
		return
	}
	for i, f := range parent.Fields {
		if f.Key.Value == keys[len(keys)-1] {
			parent.Fields = append(parent.Fields[:i:i], parent.Fields[i+1:]...)
			break
		}
	}
	if len(parent.Fields) == 0 && len(keys) > 1 {
		n.drop(keys[:len(keys)-1]...)
	}
}

// renderFS shows a Tree to kustomize, which wants absolute paths.
type renderFS struct {
	filesys.FileSystem // nil: kustomize only reads
	graph              *graph
	virtual            string // absolute directory that relative names start at
	replace            map[string][]byte
}

func (r *renderFS) path(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(r.virtual, name)
}

func (r *renderFS) name(p string) string {
	rel, err := filepath.Rel(r.virtual, p)
	if err != nil || strings.HasPrefix(rel, "..") && r.virtual != "/" && !r.relative(rel) {
		return p
	}
	return filepath.ToSlash(rel)
}

// relative says whether files above the working directory are known by relative names.
func (r *renderFS) relative(rel string) bool {
	_, ok := r.graph.files[filepath.ToSlash(rel)]
	return ok
}

func (r *renderFS) ReadFile(p string) ([]byte, error) {
	if data, ok := r.replace[p]; ok {
		return data, nil
	}
	f, err := r.graph.file(r.name(p))
	if err != nil {
		return nil, err
	}
	return f.Src, nil
}

func (r *renderFS) Exists(p string) bool {
	_, err := r.graph.tree.Stat(r.name(p))
	return err == nil
}

func (r *renderFS) IsDir(p string) bool {
	info, err := r.graph.tree.Stat(r.name(p))
	return err == nil && info.IsDir()
}

func (r *renderFS) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	p = r.path(path.Clean(p))
	if r.IsDir(p) {
		return filesys.ConfirmedDir(p), "", nil
	}
	if r.Exists(p) {
		return filesys.ConfirmedDir(path.Dir(p)), path.Base(p), nil
	}
	return "", "", fmt.Errorf("%s: no such file or directory", p)
}

func (r *renderFS) ReadDir(p string) ([]string, error) {
	entries, err := r.graph.tree.ReadDir(r.name(p))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (r *renderFS) Glob(pattern string) ([]string, error) {
	entries, err := r.ReadDir(path.Dir(pattern))
	if err != nil {
		return nil, nil // as filepath.Glob: an unreadable directory matches nothing
	}
	var out []string
	for _, name := range entries {
		if ok, _ := path.Match(path.Base(pattern), name); ok {
			out = append(out, path.Join(path.Dir(pattern), name))
		}
	}
	return out, nil
}
