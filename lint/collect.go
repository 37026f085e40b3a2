package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Problem is why something could not be read as what it is; FG003 reports it.
type Problem struct {
	File    *File
	At, End int // bytes
	Message string
	Mild    bool // nobody says that the file is part of a set-up: it was found by walking
}

// collected is everything below one path argument.
type collected struct {
	arg      string
	files    []*source
	problems []Problem
}

// source is a file that may matter, with what was found in it.
type source struct {
	*File
	docs     []*document
	explicit bool // named by the user, not found by walking
}

// document is one part of a file.
type document struct {
	kind form
	node *Node // of YAML and JSON
	text text  // of a configuration or a spec
	page bool  // stands in a Markdown page
}

// directories that never hold a set-up.
var skipped = map[string]bool{"node_modules": true, "vendor": true, "__pycache__": true}

type collector struct {
	tree    Tree
	exclude func(name string) bool
	graph   *graph
	spec    *File // what the tree is made from, or nil
}

// collect reads a path argument. A path that does not exist is an error; everything else that is wrong is a problem in
// the result.
func (c *collector) collect(arg string) (*collected, error) {
	out := &collected{arg: arg}
	info, err := c.tree.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, rootCause(err))
	}
	if !info.IsDir() {
		c.read(out, arg, true)
		return out, nil
	}
	var names []string
	c.walk(out, arg, &names)
	for chunk := range slices.Chunk(names, 256) {
		c.graph.prefetch(chunk)
		for _, name := range chunk {
			c.read(out, name, false)
		}
	}
	return out, nil
}

func rootCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// walk names the files below a directory that may matter, in the order of names. Links to directories are not followed: they
// lead to loops.
func (c *collector) walk(out *collected, dir string, names *[]string) {
	entries, err := c.tree.ReadDir(dir)
	if err != nil {
		out.problems = append(out.problems, Problem{File: NewFile(dir, nil), Message: "this directory cannot be read: " + rootCause(err).Error()})
		return
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if c.exclude(name) {
			continue
		}
		switch {
		case e.IsDir():
			if !strings.HasPrefix(e.Name(), ".") && !skipped[e.Name()] {
				c.walk(out, name, names)
			}
		case interesting(e.Name()) && !strings.HasPrefix(e.Name(), "."):
			if !e.Type().IsRegular() {
				if info, err := c.tree.Stat(name); err != nil || info.IsDir() { // a link may lead nowhere, or in a circle
					continue
				}
			}
			*names = append(*names, name)
		}
	}
}

// read takes one file in. Problems of a file that was found by walking count only if it looks like ours.
func (c *collector) read(out *collected, name string, explicit bool) {
	f, err := c.graph.file(name)
	if err != nil {
		why, ok := notRead(err)
		if !ok {
			why = "cannot be read: " + rootCause(err).Error()
		}
		out.problems = append(out.problems, Problem{File: NewFile(name, nil), Message: "this file " + why, Mild: !explicit})
		return
	}
	c.classify(out, f, explicit)
	if len(out.files) == 0 || out.files[len(out.files)-1].File != f {
		c.graph.forget(f)
	}
}

func (c *collector) classify(out *collected, f *File, explicit bool) {
	if why := unreadable(f); why != "" {
		if explicit || manifest(f.Name) {
			out.problems = append(out.problems, Problem{File: f, Message: why, Mild: !explicit})
		}
		return
	}
	ext := path.Ext(f.Name)
	if ext == "" && explicit {
		ext = sniff(f.Src)
	}
	if !explicit && ext != ".cue" && ext != ".config" && !isKustomization(f.Name) && concernOf(f) == none {
		return
	}
	s := &source{File: f, explicit: explicit}
	switch ext {
	case ".md", ".markdown":
		c.page(out, s)
	case ".config":
		if explicit || path.Base(f.Name) == "nextflow.config" || looksLikeConfig(f.Src) {
			s.docs = append(s.docs, &document{kind: formConfig, text: whole(f)})
		}
	case ".cue":
		if explicit || LooksLikeSpec(f.Src) {
			s.docs = append(s.docs, &document{kind: formSpec, text: whole(f)})
		}
	case ".json":
		n, bad := parseJSON(whole(f))
		c.data(out, s, []*Node{n}, bad)
	case ".toml", ".sh", ".mime", ".txt":
		if looksLikeUserData(ext, f.Src) {
			s.docs = append(s.docs, &document{kind: formUserData, text: whole(f)})
		}
	default:
		docs, bad := c.graph.docs(f)
		c.data(out, s, docs, bad)
	}
	if len(s.docs) > 0 {
		out.files = append(out.files, s)
	}
}

// data sorts the documents of a YAML or JSON file.
func (c *collector) data(out *collected, s *source, docs []*Node, bad *syntaxError) {
	if bad != nil && (s.explicit || concernOf(s.File) != none) {
		out.problems = append(out.problems, Problem{File: s.File, At: bad.at, Message: bad.message})
	}
	for _, n := range docs {
		if kind, ok := formOf(s.Name, n); ok {
			s.docs = append(s.docs, &document{kind: kind, node: n, text: whole(s.File)})
		}
	}
}

// page takes the fenced blocks of a Markdown page.
func (c *collector) page(out *collected, s *source) {
	for _, b := range fences(s.File) {
		var docs []*Node
		var bad *syntaxError
		switch b.lang {
		case "yaml", "yml":
			docs, bad = parseYAML(b.text)
		case "json", "jsonc":
			var n *Node
			if n, bad = parseJSON(b.text); bad == nil {
				docs = []*Node{n}
			}
		case "groovy", "nextflow", "config", "conf":
			if looksLikeConfig(b.src) {
				s.docs = append(s.docs, &document{kind: formConfig, text: b.text, page: true})
			}
			continue
		case "toml":
			if settingsTable().Match(b.src) {
				s.docs = append(s.docs, &document{kind: formUserData, text: b.text, page: true})
			}
			continue
		case "cue":
			if LooksLikeSpec(b.src) {
				s.docs = append(s.docs, &document{kind: formSpec, text: b.text, page: true})
			}
			continue
		default:
			continue
		}
		if bad != nil && concernIn(b.src) != none {
			out.problems = append(out.problems, Problem{File: s.File, At: bad.at, Message: bad.message})
		}
		for _, n := range docs {
			if kind, ok := formOf("", n); ok {
				s.docs = append(s.docs, &document{kind: kind, node: n, text: b.text, page: true})
			}
		}
	}
}
