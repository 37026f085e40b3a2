package lint

import (
	"path"
	"regexp"
	"strings"
)

// patch is what one patch of a kustomization may have written.
type patch struct {
	kind, name string // of its target; "" matches all, name may be a regular expression
	value      *Node  // shaped like the object
}

// patches are all patches of these kustomizations, in the order in which kustomize applies them: the innermost first.
func (g *graph) patches(all []*Kustomization) []patch {
	var out []patch
	for i := len(all) - 1; i >= 0; i-- {
		k := all[i]
		for _, field := range [...]string{"patches", "patchesStrategicMerge", "patchesJson6902"} {
			for _, p := range k.Node.Get(field).List() {
				out = append(out, g.patch(k, p)...)
			}
		}
		out = append(out, k.transformers()...)
	}
	return out
}

// transformers are the fields of a kustomization that write into all objects, as patches.
func (k *Kustomization) transformers() []patch {
	var out []patch
	add := func(pointer string, v *Node) {
		if v != nil {
			out = append(out, patch{value: along(pointer, v)})
		}
	}
	add("/metadata/namespace", k.Node.Get("namespace"))
	add("/metadata/labels", k.Node.Get("commonLabels"))
	add("/metadata/annotations", k.Node.Get("commonAnnotations"))
	for _, l := range k.Node.Get("labels").List() {
		add("/metadata/labels", l.Get("pairs"))
	}
	return out
}

func (g *graph) patch(k *Kustomization, p *Node) []patch {
	target := p.Get("target")
	var out []patch
	for _, doc := range g.patchDocs(k, p) {
		kind, name := target.Get("kind").Text(), target.Get("name").Text()
		if doc.Kind == List { // JSON 6902
			for _, op := range doc.Items {
				if v := op.Get("value"); v != nil {
					out = append(out, patch{kind, name, along(op.Get("path").Text(), v)})
				}
			}
			continue
		}
		if target == nil {
			kind, name = doc.Get("kind").Text(), doc.Get("metadata", "name").Text()
		}
		out = append(out, patch{kind, name, doc})
	}
	return out
}

// patchDocs are the documents of a patch that stands in a file, or in the kustomization itself.
func (g *graph) patchDocs(k *Kustomization, p *Node) []*Node {
	name, inline := p.Get("path"), p.Get("patch")
	if p.Kind == String { // patchesStrategicMerge
		name, inline = p, p
	}
	if t, ok := inline.literal(); ok {
		docs, _ := parseYAML(t)
		return docs
	}
	if !name.Known() {
		return nil
	}
	f, err := g.file(path.Join(k.Dir, name.Value))
	if err != nil {
		return nil
	}
	docs, _ := g.docs(f)
	return docs
}

// along wraps a value in the maps of a JSON pointer. List indices end the path: the place of the whole value must do.
func along(pointer string, v *Node) *Node {
	keys := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := len(keys) - 1; i >= 0; i-- {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(keys[i])
		shell := &Node{Kind: Map, File: v.File, Start: v.Start, End: v.End}
		if key == "-" || strings.Trim(key, "0123456789") == "" {
			shell.Kind, shell.Items = List, []*Node{v}
		} else {
			shell.Fields = []Field{{Key: &Node{Kind: String, Value: key, File: v.File, Start: v.Start, End: v.End}, Value: v}}
		}
		v = shell
	}
	return v
}

func (p patch) touches(o *Object) bool {
	match := func(pattern, s string) bool {
		if pattern == "" || pattern == s {
			return true
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		return err == nil && re.MatchString(s)
	}
	return match(p.kind, o.Kind) && (match(p.name, o.written()) || strings.Contains(o.written(), p.name))
}

// literal is the inside of a block scalar (| or >) as a text with the places of its lines.
func (n *Node) literal() (text, bool) {
	if n == nil || n.Kind != String || n.Start >= len(n.File.Src) || (n.File.Src[n.Start] != '|' && n.File.Src[n.Start] != '>') {
		return text{}, false
	}
	f := n.File
	first := f.Pos(n.Start).Line // content starts on the next line
	t := text{file: f, src: []byte(n.Value), own: lineStarts([]byte(n.Value))}
	indent := 0
	for i := range t.own {
		start := len(f.Src)
		if first+i < len(f.lines) {
			start = f.lines[first+i]
		}
		if i == 0 {
			for start+indent < len(f.Src) && f.Src[start+indent] == ' ' {
				indent++
			}
		}
		t.at = append(t.at, min(start+indent, len(f.Src)))
	}
	return t, true
}
