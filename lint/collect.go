package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
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

// form is what a document is.
type form int

const (
	formObject        form = iota // Kubernetes
	formKustomization             // kustomization file
	formPolicy                    // IAM policy document
	formConfig                    // nextflow.config
	formSpec                      // workspace spec
	formUserData                  // of a node, neither YAML nor JSON
	formData                      // another mapping of interest: compute environment, lifecycle
)

// directories that never hold a set-up.
var skipped = map[string]bool{"node_modules": true, "vendor": true, "__pycache__": true, "testdata": false}

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

func interesting(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json", ".config", ".cue", ".md", ".markdown", ".toml", ".sh", ".mime":
		return true
	}
	return name == "Kustomization"
}

// manifest says whether a name alone says that a file is a document of ours.
func manifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return isKustomization(name) || path.Base(name) == "nextflow.config"
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

// sniff guesses the extension of a text without a name.
func sniff(src []byte) string {
	switch trimmed := bytes.TrimSpace(src); {
	case bytes.HasPrefix(trimmed, []byte("{")), bytes.HasPrefix(trimmed, []byte("[")):
		return ".json"
	case bytes.Contains(src, []byte("\n```")):
		return ".md"
	case bytes.Contains(src, []byte("apiVersion:")):
		return ".yaml"
	case LooksLikeSpec(src):
		return ".cue"
	case settingsTable.Match(src):
		return ".toml"
	case looksLikeConfig(src):
		return ".config"
	}
	return ".yaml"
}

// unreadable is why a file is no text, or "".
func unreadable(f *File) string {
	if bytes.IndexByte(f.Src[:min(len(f.Src), 8000)], 0) >= 0 {
		return "this file is binary"
	}
	if !utf8.Valid(f.Src) {
		return "this file is not UTF-8"
	}
	return ""
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

// formOf tells what a mapping is by its fields.
func formOf(name string, n *Node) (form, bool) {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if n.Get(k) == nil {
				return false
			}
		}
		return true
	}
	switch {
	case n != nil && n.Kind == List && n.Items != nil && n.Items[0].Get("Key") != nil && n.Items[0].Get("Value") != nil:
		return formData, true // tags of an auto-scaling group
	case n == nil || n.Kind != Map:
		return 0, false
	case isKustomization(name), n.Get("kind").Text() == "Kustomization" && strings.HasPrefix(n.Get("apiVersion").Text(), "kustomize.config.k8s.io"):
		return formKustomization, true
	case has("apiVersion", "kind"), has("kind", "metadata"):
		return formObject, true
	case has("Statement"):
		return formPolicy, true
	case has("cluster", "storage"):
		return formSpec, true
	}
	return formData, true
}

var configScope = regexp.MustCompile(`(?m)^\s*(?:process|params|profiles|k8s|fusion|wave|aws|docker|executor|includeConfig|plugins|tower|env|manifest|workDir)\b\s*[\s{.=(]`)

func looksLikeConfig(src []byte) bool { return configScope.Match(src) }

var specField = regexp.MustCompile(`(?m)^\s*(cluster|storage)\b`)

// LooksLikeSpec says whether a text has the two blocks that no workspace spec does without, and is no CUE of another purpose.
func LooksLikeSpec(src []byte) bool {
	return !bytes.Contains(src, []byte("\npackage ")) && !bytes.HasPrefix(src, []byte("package ")) && len(specField.FindAll(src, 2)) == 2
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
			if settingsTable.Match(b.src) {
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
