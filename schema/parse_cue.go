package schema

import (
	"bytes"
	"fmt"
	"strconv"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/fusiongen/fusiongen/schema/evaluator"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// parseCUE evaluates a spec of bare fields: no package clause is needed and no import is followed.
func parseCUE(name string, src []byte) (result *tree, diags Diagnostics) {
	// The evaluator runs whatever the user wrote; a defect of its own is no reason to die without a word.
	defer func() {
		if failure := recover(); failure != nil {
			result, diags = nil, Diagnostics{{Pos: Pos{File: name, Line: 1, Column: 1}, Message: fmt.Sprintf("the CUE evaluator failed on this text: %v", failure), Hint: "write plain fields"}}
		}
	}()
	lines := bytes.Split(src, []byte("\n"))
	pos := func(p token.Pos) Pos {
		if !p.IsValid() || p.Filename() != name {
			return Pos{File: name, Line: 1, Column: 1}
		}
		return codePoint(name, lines, p.Line(), p.Column())
	}
	file, err := parser.ParseFile(name, src, parser.ParseComments)
	if err != nil {
		return nil, cueDiagnostics(err, pos)
	}
	for spec := range file.ImportSpecs() {
		return nil, Diagnostics{{Pos: pos(spec.Pos()), Message: "a spec imports nothing", Hint: "write the values here, or run cue export first"}}
	}
	value := evaluator.New().BuildFile(file)
	if err := value.Validate(cue.Concrete(true)); err != nil {
		return nil, cueDiagnostics(err, pos)
	}
	t := &tree{file: name, keys: map[string]Pos{}, values: map[string]Pos{"": {File: name, Line: 1, Column: 1}}}
	t.fields(file.Decls, "", pos)
	data, err := t.decode(value, "", pos)
	if err != nil {
		return nil, cueDiagnostics(err, pos)
	}
	fields, ok := data.(map[string]any)
	if !ok {
		return nil, Diagnostics{{Pos: pos(value.Pos()), Message: "a spec is a block of fields, beginning with name", Hint: "fusiongen init writes one"}}
	}
	t.data = fields
	return t, nil
}

// decode turns a concrete value into plain data. Where the syntax did not say it (a reference, a comprehension), the
// value's own place is used.
func (t *tree) decode(v cue.Value, path string, pos func(token.Pos) Pos) (any, error) {
	if _, ok := t.values[path]; !ok {
		t.values[path] = pos(v.Pos())
	}
	switch v.Kind() {
	case cue.StructKind:
		fields, err := v.Fields()
		if err != nil {
			return nil, err
		}
		out := map[string]any{}
		for fields.Next() {
			key := fields.Selector().Unquoted()
			if out[key], err = t.decode(fields.Value(), join(path, key), pos); err != nil {
				return nil, err
			}
		}
		return out, nil
	case cue.ListKind:
		list, err := v.List()
		if err != nil {
			return nil, err
		}
		out := []any{}
		for i := 0; list.Next(); i++ {
			element, err := t.decode(list.Value(), join(path, strconv.Itoa(i)), pos)
			if err != nil {
				return nil, err
			}
			out = append(out, element)
		}
		return out, nil
	}
	var out any
	err := v.Decode(&out)
	return out, err
}

// fields notes where the file's text has each key and value.
func (t *tree) fields(decls []ast.Decl, path string, pos func(token.Pos) Pos) {
	for _, decl := range decls {
		field, ok := decl.(*ast.Field)
		if !ok {
			continue
		}
		label, _, err := ast.LabelName(field.Label)
		if err != nil {
			continue
		}
		at := join(path, label)
		t.keys[at] = pos(field.Label.Pos())
		t.literal(field.Value, at, pos)
	}
}

func (t *tree) literal(x ast.Expr, path string, pos func(token.Pos) Pos) {
	t.values[path] = pos(x.Pos())
	switch x := x.(type) {
	case *ast.StructLit:
		if !x.Lbrace.IsValid() { // a: b: c has no brace: the inner key is where the value begins
			t.values[path] = t.keys[path]
		}
		t.fields(x.Elts, path, pos)
	case *ast.ListLit:
		for i, element := range x.Elts {
			t.literal(element, join(path, strconv.Itoa(i)), pos)
		}
	}
}

// quotedDefinition matches CUE's way of naming values, which says nothing to a user.
var quotedDefinition = regex.Lazy(`#?_?\w*#\w+(\.\w+)*:? ?`)

var noAlternative = regex.Lazy(`\d+ errors in empty disjunction:?`)

var incomplete = regex.Lazy(`^incomplete value (.*)$`)

// cueDiagnostics turns CUE's errors about the user's own text into ours, one for each.
func cueDiagnostics(err error, pos func(token.Pos) Pos) Diagnostics {
	var out Diagnostics
	for _, e := range errors.Errors(err) {
		format, args := e.Msg()
		message := quotedDefinition().ReplaceAllString(fmt.Sprintf(format, args...), "")
		message = noAlternative().ReplaceAllString(message, "none of the alternatives fits")
		message = incomplete().ReplaceAllString(message, "only the type is said ($1), not the value")
		where := e.Position()
		if in := e.InputPositions(); !where.IsValid() && len(in) > 0 {
			where = in[0]
		}
		var path string
		for _, p := range e.Path() {
			path = join(path, p)
		}
		out = append(out, Diagnostic{Pos: pos(where), Path: path, Message: message})
	}
	return out.sorted()
}
