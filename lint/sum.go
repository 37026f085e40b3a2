package lint

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
)

// sum is a generated tree's .fusiongen.sum: it leads from a value to the line of the spec that it comes from.
type sum struct {
	dir     string
	Version int                          `json:"version"`
	Spec    string                       `json:"spec"`
	Files   map[string]string            `json:"files"`   // path → SHA-256
	Origins map[string]map[string]string `json:"origins"` // path → field path → field path of the spec

	graph  *graph
	spec   *File          // nil where the tree is all that there is
	source *schema.Source // of the spec, when it can be loaded; nil until it is asked for
}

// sumName is the file that `fusiongen build -o` writes beside what it generates.
const sumName = ".fusiongen.sum"

// Edited are the files of generated trees that are not as they were generated, each with the tree's directory.
func (set *Setup) Edited() map[*File]string {
	out := map[*File]string{}
	for _, sum := range set.sums {
		for _, s := range set.sources {
			rel, ok := strings.CutPrefix(s.Name, sum.dir+"/")
			if sum.dir == "." {
				rel, ok = s.Name, true
			}
			if want := sum.Files[rel]; ok && want != "" && want != fmt.Sprintf("%x", sha256.Sum256(s.bytes(s.Src))) {
				out[s.File] = sum.dir
			}
		}
	}
	return out
}

// sums finds the generated trees that the files lie in.
func (c *collector) sums(set *Setup) {
	dirs := map[string]bool{}
	for _, s := range set.sources {
		for dir := path.Dir(s.Name); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
			if f, err := c.graph.file(path.Join(dir, sumName)); err == nil {
				c.addSum(set, dir, f)
			}
		}
	}
}

func (c *collector) addSum(set *Setup, dir string, f *File) {
	s := &sum{dir: dir, graph: c.graph, spec: c.spec}
	if json.Unmarshal(f.Src, s) != nil || s.Version != 1 {
		set.Problems = append(set.Problems, Problem{File: f, Message: "this .fusiongen.sum is damaged; build the tree again with --force"})
		return
	}
	if s.spec == nil && s.Spec != "" {
		s.spec, _ = c.graph.file(path.Join(dir, s.Spec))
	}
	set.sums = append(set.sums, s)
}

// places are those of the spec's fields; none where the tree is all that there is, or the spec has errors.
func (s *sum) places() *schema.Source {
	if s.source != nil {
		return s.source
	}
	s.source = &schema.Source{}
	if s.spec != nil {
		if ws, err := schema.Load(s.spec.Name, s.spec.Src); err == nil {
			s.source = &ws.Source
		}
	}
	return s.source
}

// fromSpec is the place in the spec that a generated value comes from.
func (set *Setup) fromSpec(f Finding) (Related, bool) {
	if f.file == nil {
		return Related{}, false
	}
	for _, s := range set.sums {
		rel, ok := strings.CutPrefix(f.Pos.File, s.dir+"/")
		if s.dir == "." {
			rel, ok = f.Pos.File, true
		}
		if !ok {
			continue
		}
		field := s.origin(rel, f)
		if field == "" || s.places().File == "" {
			continue
		}
		pos := s.places().Pos(field)
		return Related{Span: Span{Pos: pos, End: pos}, Message: field + " of the spec says so"}, true
	}
	return Related{}, false
}

// origin is the spec's field for the value of a finding, or of what is around it.
func (s *sum) origin(rel string, f Finding) string {
	fields := s.Origins[rel]
	if len(fields) == 0 {
		return ""
	}
	var at string
	docs, _ := s.graph.docs(f.file)
	for _, doc := range docs {
		doc.Walk(func(p string, n *Node) {
			if n.Start <= f.start && f.end <= n.End && n.File == f.file {
				at = p
			}
		})
	}
	for p := at; p != ""; p = parent(p) {
		if field, ok := fields[p]; ok {
			return field
		}
	}
	return ""
}

func parent(p string) string {
	i := strings.LastIndexByte(p, '.')
	if i < 0 {
		return ""
	}
	return p[:i]
}
