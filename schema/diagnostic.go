package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one thing that is wrong with a spec.
type Diagnostic struct {
	Pos     Pos
	Path    string // field path, "cluster.region"; empty when the text itself cannot be read
	Message string // the fact, and what would be right
	Hint    string // what to try next
}

// String is one line: position, path and message, then the hint in parentheses.
func (d Diagnostic) String() string {
	text := d.Pos.String() + ": "
	if d.Path != "" {
		text += d.Path + ": "
	}
	text += d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// Diagnostics are everything that is wrong with one spec, sorted by position.
type Diagnostics []Diagnostic

// Error lists all diagnostics, a line each.
func (d Diagnostics) Error() string {
	lines := make([]string, len(d))
	for i, x := range d {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the diagnostics in order and drops repetitions: an error of the base spec shows once, however many
// environments inherit it.
func (d Diagnostics) sorted() Diagnostics {
	slices.SortStableFunc(d, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Path, b.Path))
	})
	return slices.CompactFunc(d, func(a, b Diagnostic) bool {
		return a.Pos == b.Pos && a.Message == b.Message
	})
}

// has says whether the same thing is already said of the same field.
func (d Diagnostics) has(x Diagnostic) bool {
	return slices.ContainsFunc(d, func(y Diagnostic) bool { return y.Path == x.Path && y.Message == x.Message })
}

// quote shows a value as the user may have written it, cut where it is long.
func quote(v any) string {
	var text string
	switch v := v.(type) {
	case string:
		text = fmt.Sprintf("%q", v)
	case map[string]any:
		return "a block of fields"
	case []any:
		return "a list"
	case nil:
		return "null"
	default:
		text = fmt.Sprint(v)
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:77]) + "…"
	}
	return text
}
