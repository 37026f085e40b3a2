package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
)

// Setup is what belongs together: documents join within it, by identity, and never across it.
type Setup struct {
	Name           string
	Objects        []*Object        // of all its roots and loose documents
	Policies       []*Policy        // IAM documents
	Configs        []*Config        // nextflow.config files, the largest first
	Kustomizations []*Kustomization // all that its roots lead to
	Specs          []*Spec
	UserData       []*UserData // of nodes
	Data           []*Data     // other JSON and YAML mappings
	Problems       []Problem
	Options        Options

	Partial bool // parts are fetched from elsewhere, or rendering failed: what is missing may be there
	Page    bool // it is a Markdown page

	sources []*source
	sums    []*sum
	repeats []text // that hold what a file says already
}

// begin is the file for what has no place of its own.
func (set *Setup) begin() *File {
	switch {
	case len(set.sources) > 0:
		return set.sources[0].File
	case len(set.Problems) > 0:
		return set.Problems[0].File
	}
	return NewFile(set.Name, nil)
}

// Policy is an IAM policy document.
type Policy struct {
	*Node
	Dir, Base string // where it lies; Base without -permissions or -trust and the extension
}

// Spec is a workspace spec with what the schema says of it.
type Spec struct {
	File        *File
	Workspace   *schema.Workspace // nil when it has errors
	Diagnostics schema.Diagnostics
}

// Data is a mapping that is none of the other forms.
type Data struct {
	*Node
}

// Options are what the user says about the world that no file shows.
type Options struct {
	Nextflow   string // version, "" unknown
	Kubernetes string // version, "" unknown
	Today      string // YYYY-MM-DD; suppressions expire on it
	Selected   bool   // only some rules run: a suppression of another one is not unused
	Joined     bool   // more of the world was given: what is suppressed may be there, and missing without it; Run sets it
}

// setups divides what lies below a path argument.
func (c *collector) setups(all *collected, with []*collected) []*Setup {
	var out []*Setup
	rest := &collected{arg: all.arg, problems: all.problems}
	for _, s := range all.files {
		if page := s.docs[0].page; page {
			out = append(out, c.setup(s.Name, []*source{s}, with, true))
			continue
		}
		rest.files = append(rest.files, s)
	}
	if len(rest.files) > 0 {
		for _, p := range split(all.arg, rest.files) {
			out = append(out, c.setup(p.name, p.files, with, false))
		}
	}
	if len(all.problems) > 0 {
		if len(out) == 0 {
			out = append(out, &Setup{Name: all.arg})
		}
		out[len(out)-1].Problems = append(out[len(out)-1].Problems, all.problems...)
	}
	return out
}

type part struct {
	name  string
	files []*source
}

// split makes a set-up of its own of each directory that holds a whole workspace (a Nextflow configuration and Kubernetes
// objects), where there are several side by side. What lies beside them, such as the node part, belongs to each.
func split(dir string, files []*source) []part {
	below := map[string][]*source{}
	var beside []*source
	for _, f := range files {
		if child := childOf(dir, f.Name); child != "" {
			below[child] = append(below[child], f)
		} else {
			beside = append(beside, f)
		}
	}
	var workspaces []string
	for child, fs := range below {
		if selfSufficient(fs) {
			workspaces = append(workspaces, child)
		}
	}
	if len(workspaces) == 1 && len(below) == 1 && len(beside) == 0 {
		return split(workspaces[0], files)
	}
	if len(workspaces) < 2 {
		return []part{{dir, files}}
	}
	slices.Sort(workspaces)
	for child, fs := range below {
		if !slices.Contains(workspaces, child) {
			beside = append(beside, fs...)
		}
	}
	slices.SortFunc(beside, func(a, b *source) int { return strings.Compare(a.Name, b.Name) })
	var out []part
	for _, child := range workspaces {
		for _, p := range split(child, below[child]) {
			out = append(out, part{p.name, append(slices.Clone(p.files), beside...)})
		}
	}
	return out
}

// childOf is the directory directly below dir that name lies in, or "".
func childOf(dir, name string) string {
	rest := name
	if dir != "." {
		rest = strings.TrimPrefix(name, dir+"/")
	}
	first, _, nested := strings.Cut(rest, "/")
	if !nested {
		return ""
	}
	return path.Join(dir, first)
}

func selfSufficient(files []*source) bool {
	var config, object bool
	for _, f := range files {
		for _, d := range f.docs {
			switch {
			case d.kind == formConfig:
				config = true
			case d.kind == formObject:
				object = object || slices.Contains([]string{"ServiceAccount", "Role", "RoleBinding"}, d.node.Get("kind").Text())
			}
		}
	}
	return config && object
}

// setup joins files into one Setup, rendering the kustomizations among them.
func (c *collector) setup(name string, files []*source, with []*collected, page bool) *Setup {
	set := &Setup{Name: name, Page: page, sources: files}
	for _, w := range with {
		files = append(slices.Clone(files), w.files...)
	}
	rendered := c.render(set, files)
	for _, s := range files {
		for _, d := range s.docs {
			c.add(set, s, d, rendered[s.Name])
		}
	}
	for _, o := range set.Objects {
		set.embedded(o)
		set.nodeClass(o)
	}
	return set
}

func (c *collector) add(set *Setup, s *source, d *document, rendered bool) {
	switch d.kind {
	case formObject:
		if isNodeConfig(d.node) {
			set.UserData = append(set.UserData, &UserData{d.node, NodeConfig, nil})
			return
		}
		if !rendered {
			set.Objects = append(set.Objects, objects(d.node, "")...)
		}
	case formPolicy:
		base := strings.TrimSuffix(path.Base(s.Name), path.Ext(s.Name))
		for _, suffix := range [...]string{"-permissions", "-permission", "-policy", "-trust", "-trust-policy"} {
			base = strings.TrimSuffix(base, suffix)
		}
		set.Policies = append(set.Policies, &Policy{Node: d.node, Dir: path.Dir(s.Name), Base: base})
	case formConfig:
		set.addConfig(d.text, nil, c.scripts(s.Name))
	case formSpec:
		set.addSpec(s, d)
	case formUserData:
		set.addUserData(d.text, nil)
	case formData:
		set.Data = append(set.Data, &Data{d.node})
	}
}

// addSpec loads a spec; in a Markdown page the places move to the block.
func (set *Setup) addSpec(s *source, d *document) {
	name := s.Name
	if path.Ext(name) == ".md" {
		name = "-" // the loader tells the syntax by the text
	}
	ws, err := schema.Load(name, d.text.src)
	spec := &Spec{File: s.File, Workspace: ws}
	if diagnostics, ok := err.(schema.Diagnostics); ok {
		for _, x := range diagnostics {
			at := d.text.offset(lineOffset(d.text, x.Pos))
			x.Pos = s.Pos(at)
			spec.Diagnostics = append(spec.Diagnostics, x)
		}
	}
	set.Specs = append(set.Specs, spec)
}

func lineOffset(t text, p schema.Pos) int {
	f := File{Src: t.src, lines: t.own}
	return f.Offset(max(p.Line, 1), max(p.Column, 1))
}
