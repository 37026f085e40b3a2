package lint

import (
	"bytes"
	"strings"
)

// plain are the objects of a root whose kustomizations only list files and each other: kustomize hands such files on as they stand,
// and asking it costs more than all rules together. What it might refuse or change is left to it: ok is false then.
func (g *graph) plain(top *Kustomization) ([]*Object, bool) {
	p := plainReader{graph: g, root: top.Dir, seen: map[string]bool{}}
	ok := p.list(top)
	return p.objects, ok
}

// plainReader follows kustomizations that only list.
type plainReader struct {
	*graph
	root    string
	objects []*Object
	seen    map[string]bool // identities of objects: kustomize refuses a second one
}

func (p *plainReader) list(k *Kustomization) bool {
	for _, f := range k.Node.Fields {
		if key := f.Key.Value; key != "apiVersion" && key != "kind" && key != "resources" || key == "kind" && f.Value.Text() != "Kustomization" ||
			key == "apiVersion" && f.Value.Text() != "kustomize.config.k8s.io/v1beta1" || key == "resources" && f.Value.Kind != List {
			return false
		}
	}
	items := k.Node.Get("resources").List()
	references := k.References()
	if len(items) == 0 || len(references) != len(items) {
		return false
	}
	for _, r := range references {
		if next := p.at(r.Path); next != nil {
			if !p.list(next) {
				return false
			}
		} else if !below(k.Dir, r.Path) || !p.read(r.Path) {
			return false
		}
	}
	return true
}

// below says whether a file lies in the kustomization's directory: kustomize takes none from elsewhere.
func below(dir, name string) bool {
	if dir == "." {
		return !strings.HasPrefix(name, "../")
	}
	return strings.HasPrefix(name, dir+"/")
}

func (p *plainReader) read(name string) bool {
	f, err := p.file(name)
	if err != nil || bytes.Contains(f.Src, []byte("{{")) {
		return false
	}
	docs, bad := p.docs(f)
	if bad != nil || len(docs) == 0 {
		return false
	}
	for _, doc := range docs {
		all := objects(doc, p.root)
		if len(all) != 1 || all[0].Node != doc || all[0].Name == "" || doc.shares(map[*Node]bool{}) {
			return false
		}
		o := all[0]
		id := o.Group() + " " + o.ID()
		if p.seen[id] {
			return false
		}
		p.seen[id] = true
		o.Origin = doc
		p.objects = append(p.objects, o)
	}
	return true
}

// shares says whether anchors make n hold a value twice, or whether a value is null, which kustomize drops in some places.
func (n *Node) shares(seen map[*Node]bool) bool {
	if seen[n] || n.Kind == Null {
		return true
	}
	seen[n] = true
	for _, f := range n.Fields {
		if f.Value.shares(seen) {
			return true
		}
	}
	for _, item := range n.Items {
		if item.shares(seen) {
			return true
		}
	}
	return false
}
