package rules

import (
	"bytes"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// exact says whether the node's place holds its own text. After kustomize a value may only have the place of what is
// around it, and nothing there may be edited in its name.
func exact(n *lint.Node) bool {
	if n == nil || n.File == nil || n.Start >= n.End || n.End > len(n.File.Src) {
		return false
	}
	text := string(n.File.Src[n.Start:n.End])
	return text == n.Value || strings.Trim(text, `"`) == n.Value || strings.Trim(text, "'") == n.Value
}

// replace are the edits that write another scalar, or none where the place is not exact.
func replace(n *lint.Node, value string) []lint.Edit {
	if !exact(n) {
		return nil
	}
	return []lint.Edit{lint.Replace(n, value)}
}

// remove are the edits that delete item i of a list that keeps others, or none.
func remove(list *lint.Node, i int) []lint.Edit {
	if list == nil || list.Kind != lint.List || len(list.Items) < 2 || !exact(list.Items[i]) {
		return nil
	}
	return []lint.Edit{lint.RemoveItem(list, i)}
}

// add are the edits that append values to a list, or none.
func add(list *lint.Node, values ...string) []lint.Edit {
	if list == nil || list.Kind != lint.List || len(list.Items) == 0 || len(values) == 0 || !exact(list.Items[len(list.Items)-1]) {
		return nil
	}
	// one edit: several insertions at one place clash
	out := lint.AppendItem(list, values[0])
	for _, v := range values[1:] {
		out.New += lint.AppendItem(list, v).New
	}
	return []lint.Edit{out}
}

// addField are the edits that write another field below f, in the style of the text around it.
func addField(f *lint.Field, key, value string) []lint.Edit {
	if f == nil || !exact(f.Key) || f.Value == nil || f.Value.File != f.Key.File || f.Value.End < f.Key.End {
		return nil
	}
	src := f.Key.File.Src
	lead := indent(src, f.Key.Start)
	quoted := src[f.Key.Start] == '"'
	switch {
	case lead == nil && quoted:
		return []lint.Edit{{File: f.Key.File, Start: f.Value.End, End: f.Value.End, New: `, "` + key + `": "` + value + `"`}}
	case lead == nil:
		return nil
	case quoted:
		return []lint.Edit{{File: f.Key.File, Start: f.Value.End, End: f.Value.End, New: ",\n" + string(lead) + `"` + key + `": "` + value + `"`}}
	}
	if bytes.ContainsAny(src[f.Key.Start:f.Value.End], "\n") && f.Value.Kind != lint.Map && f.Value.Kind != lint.List {
		return nil
	}
	return []lint.Edit{{File: f.Key.File, Start: f.Value.End, End: f.Value.End, New: "\n" + string(lead) + key + ": " + value}}
}

// indent is what stands before a place on its line, where that is blank but for the dash of a list item; else nil. A dash
// becomes a blank, so that what follows goes into the same item.
func indent(src []byte, at int) []byte {
	start := bytes.LastIndexByte(src[:at], '\n') + 1
	lead := src[start:at]
	if len(bytes.Trim(lead, " \t-")) > 0 {
		return nil
	}
	return bytes.ReplaceAll(lead, []byte("-"), []byte(" "))
}

// english joins words: "a", "a and b", "a, b and c".
func english(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
