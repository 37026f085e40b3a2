package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// validator compares data with the schema field by field, so that every error is found and each has its own place.
type validator struct {
	ctx   *cue.Context
	tree  *tree
	diags Diagnostics
}

func (v *validator) report(pos Pos, path, message, hint string) {
	v.diags = append(v.diags, Diagnostic{Pos: pos, Path: path, Message: message, Hint: hint})
}

// value checks data against one constraint of the schema.
func (v *validator) value(constraint cue.Value, data any, path string) {
	switch {
	case constraint.IncompleteKind() == cue.TopKind: // inside an environment's patch, which is checked once merged
	case constraint.IncompleteKind() == cue.StructKind:
		if fields, ok := data.(map[string]any); ok {
			v.fields(constraint, fields, path)
			return
		}
		v.report(v.tree.at(path), path, "this is a block of fields, not "+quote(data), fieldHint(constraint))
	case constraint.IncompleteKind() == cue.ListKind:
		list, ok := data.([]any)
		if !ok {
			v.report(v.tree.at(path), path, "this is a list, not "+quote(data), "write ["+quote(data)+"]")
			return
		}
		element := constraint.LookupPath(cue.MakePath(cue.AnyIndex))
		for i, x := range list {
			v.value(element, x, join(path, strconv.Itoa(i)))
		}
	default:
		v.scalar(constraint, data, path)
	}
}

func (v *validator) fields(constraint cue.Value, data map[string]any, path string) {
	known := map[string]cue.Value{}
	var names []string
	fields, err := constraint.Fields(cue.Optional(true))
	if err != nil {
		v.report(v.tree.at(path), path, err.Error(), "")
		return
	}
	for fields.Next() {
		name := fields.Selector().Unquoted()
		known[name], names = fields.Value(), append(names, name)
		if _, given := data[name]; !given && fields.FieldType()&cue.RequiredConstraint != 0 {
			v.report(v.tree.at(path), join(path, name), "this field is required and missing", comment(fields.Value()))
		}
	}
	other := constraint.LookupPath(cue.MakePath(cue.AnyString))
	for _, name := range slices.Sorted(maps.Keys(data)) {
		at := join(path, name)
		switch field, ok := known[name]; {
		case ok && data[name] == nil:
			v.report(v.tree.at(at), at, "null means nothing here", "leave the field out")
		case ok:
			v.value(field, data[name], at)
		case other.Exists():
			v.value(other, data[name], at)
		default:
			v.unknown(at, name, names)
		}
	}
}

func (v *validator) unknown(path, name string, names []string) {
	hint := "the fields here are " + strings.Join(names, ", ")
	if meant := Suggest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	v.report(v.tree.keyAt(path), path, "there is no such field", hint)
}

// placeholder matches what people leave in from a page: <ACCOUNT_ID>, YOUR_BUCKET, my-bucket, 000000000000.
var placeholder = regex.Lazy(`<[A-Za-z][A-Za-z0-9_ -]*>|(?i)\b(changeme|replace[_-]?me|your[_-]\w+|my-bucket|todo)\b|^0{12}$`)

func (v *validator) scalar(constraint cue.Value, data any, path string) {
	if text, ok := data.(string); ok {
		if found := placeholder().FindString(text); found != "" {
			v.report(v.tree.at(path), path, fmt.Sprintf("the placeholder %q is still here", found), comment(constraint))
			return
		}
	}
	switch data.(type) {
	case map[string]any, []any:
		v.report(v.tree.at(path), path, "this is a single value, not "+quote(data), comment(constraint))
		return
	}
	err := constraint.Unify(v.ctx.Encode(data)).Validate(cue.Concrete(true))
	if err == nil {
		return
	}
	format, args := errors.Errors(err)[0].Msg()
	hint := ""
	switch data.(type) {
	case bool, int, int64, float64:
		if constraint.IncompleteKind() != cue.StringKind {
			break
		}
		hint = fmt.Sprintf("put the value in quotes: %q", fmt.Sprint(data))
	}
	v.report(v.tree.at(path), path, fmt.Sprintf(format, args...)+"; this is "+quote(data), hint)
}

// comment is the schema's documentation of a field, on one line.
func comment(v cue.Value) string {
	var text []string
	for _, group := range v.Doc() {
		text = append(text, strings.Fields(group.Text())...)
	}
	return strings.TrimSuffix(strings.Join(text, " "), ".")
}

func fieldHint(v cue.Value) string {
	var names []string
	for fields, err := v.Fields(cue.Optional(true)); err == nil && fields.Next(); {
		names = append(names, fields.Selector().Unquoted())
	}
	if len(names) == 0 {
		return ""
	}
	return "its fields are " + strings.Join(names, ", ")
}
