package gen

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/encoding/yaml"

	"github.com/fusiongen/fusiongen/schema/evaluator"
)

//go:embed templates/*.cue
var templateFiles embed.FS

// templates are compiled once for all workspaces of a tree.
type templates struct {
	ctx   *cue.Context
	value cue.Value
}

func newTemplates() templates {
	ctx := evaluator.New()
	return templates{ctx, ctx.CompileString("in: _\n" + templateText())}
}

// rendering is what the templates make of one workspace.
type rendering struct {
	bases  map[string]map[string]object // base → file → object
	head   *object
	values map[string]cue.Value // base/file → what the object was written from
}

// object is the object of a file if it would be written from the same value.
func (r *rendering) object(base, file string, v cue.Value) (object, bool) {
	if r == nil || !r.values[base+"/"+file].Equals(v) {
		return object{}, false
	}
	return r.bases[base][file], true
}

// object is one Kubernetes object as YAML, its fields in the order that the template has them.
type object struct {
	apiVersion, kind, namespace, name string

	data    []byte
	origins map[string]string // leaf → spec field
}

// render evaluates the templates; config is the text of nextflow.config. Objects that are the same in another rendering, or nil, are
// taken from there: writing them costs most.
func (t templates) render(in input, config string, other *rendering) (*rendering, error) {
	in.Config = config
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	x, err := parser.ParseExpr("in", data) // JSON is CUE
	if err != nil {
		return nil, err
	}
	value := t.value.FillPath(cue.ParsePath("in"), t.ctx.BuildExpr(x))
	if err := value.Err(); err != nil {
		return nil, fmt.Errorf("templates: %s", errors.Details(err, nil))
	}
	out := &rendering{bases: map[string]map[string]object{}, values: map[string]cue.Value{}}
	bases, err := value.LookupPath(cue.ParsePath("base")).Fields()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for bases.Next() {
		name := bases.Selector().Unquoted()
		out.bases[name] = map[string]object{}
		files, err := bases.Value().Fields()
		if err != nil {
			return nil, fmt.Errorf("templates: %s: %w", name, err)
		}
		for files.Next() {
			file, v := files.Selector().Unquoted(), files.Value()
			o, same := other.object(name, file, v)
			if !same {
				if o, err = newObject(v); err != nil {
					return nil, fmt.Errorf("templates: %s/%s: %w", name, file, err)
				}
			}
			out.bases[name][file], out.values[name+"/"+file] = o, v
		}
	}
	if head := value.LookupPath(cue.ParsePath("head")); head.Exists() {
		o, err := newObject(head)
		if err != nil {
			return nil, fmt.Errorf("templates: head: %w", err)
		}
		out.head = &o
	}
	return out, nil
}

// templateText is all templates as one file, in the order of their names; a CUE package would need cue/load.
func templateText() string {
	var text strings.Builder
	names, _ := fs.Glob(templateFiles, "templates/*.cue") // the pattern is a constant
	for _, name := range names {
		data, _ := templateFiles.ReadFile(name) // embedded
		text.Write(data)
		text.WriteByte('\n')
	}
	return text.String()
}

func newObject(v cue.Value) (object, error) {
	if err := v.Validate(cue.Concrete(true)); err != nil {
		return object{}, fmt.Errorf("%s", errors.Details(err, nil))
	}
	data, err := yaml.Encode(v)
	if err != nil {
		return object{}, err
	}
	field := func(path string) string {
		text, _ := v.LookupPath(cue.ParsePath(path)).String() // validated as concrete; absent is ""
		return text
	}
	o := object{
		apiVersion: field("apiVersion"), kind: field("kind"), namespace: field("metadata.namespace"), name: field("metadata.name"),
		data: data, origins: map[string]string{},
	}
	trace(o.origins, v, "", "")
	return o, nil
}

// trace notes for each leaf the spec field that @from names at it, or at the nearest place above it.
func trace(origins map[string]string, v cue.Value, path, from string) {
	if a := v.Attribute("from"); a.Err() == nil {
		from = a.Contents()
	}
	switch v.IncompleteKind() {
	case cue.StructKind:
		for fields, err := v.Fields(); err == nil && fields.Next(); {
			trace(origins, fields.Value(), join(path, fields.Selector().Unquoted()), from)
		}
	case cue.ListKind:
		list, err := v.List()
		for i := 0; err == nil && list.Next(); i++ {
			trace(origins, list.Value(), join(path, strconv.Itoa(i)), from)
		}
	default:
		if from != "" {
			origins[path] = from
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
