package lint

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Replace writes another scalar in the place of n, quoted as n is.
func Replace(n *Node, value string) Edit {
	text := value
	switch old := n.File.Src[n.Start:n.End]; {
	case len(old) > 0 && old[0] == '"':
		quoted, _ := json.Marshal(value) // a string always marshals
		text = string(quoted)
	case len(old) > 0 && old[0] == '\'':
		text = "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return Edit{n.File, n.Start, n.End, text}
}

// RemoveItem deletes item i of a list: with its line in block style, with its comma in flow style.
func RemoveItem(list *Node, i int) Edit {
	item := list.Items[i]
	src := item.File.Src
	lineStart := bytes.LastIndexByte(src[:item.Start], '\n') + 1
	if strings.TrimSpace(string(src[lineStart:item.Start])) == "-" {
		return Edit{item.File, lineStart, afterLine(src, item.End), ""}
	}
	return removeBetweenCommas(item.File, item.Start, item.End)
}

// RemoveField deletes an entry of a map: with its lines in block style, with its comma in flow style.
func RemoveField(f *Field) Edit {
	file, src := f.Key.File, f.Key.File.Src
	end := max(f.Key.End, f.Value.End)
	lineStart := bytes.LastIndexByte(src[:f.Key.Start], '\n') + 1
	before := strings.TrimSpace(string(src[lineStart:f.Key.Start]))
	if before == "" && src[f.Key.Start] != '"' {
		return Edit{file, lineStart, afterLine(src, end), ""}
	}
	return removeBetweenCommas(file, f.Key.Start, end)
}

func afterLine(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// removeBetweenCommas deletes [start, end) of a flow collection and one comma, with the blanks around it.
func removeBetweenCommas(f *File, start, end int) Edit {
	src := f.Src
	after := end
	for after < len(src) && strings.IndexByte(" \t\r\n", src[after]) >= 0 {
		after++
	}
	if after < len(src) && src[after] == ',' {
		after++
		for after < len(src) && strings.IndexByte(" \t\r\n", src[after]) >= 0 {
			after++
		}
		return Edit{f, start, after, ""}
	}
	before := start
	for before > 0 && strings.IndexByte(" \t\r\n", src[before-1]) >= 0 {
		before--
	}
	if before > 0 && src[before-1] == ',' {
		return Edit{f, before - 1, end, ""}
	}
	return Edit{f, start, end, ""}
}

// AppendItem adds a scalar at the end of a list, in the list's own style.
func AppendItem(list *Node, value string) Edit {
	src := list.File.Src
	if len(list.Items) == 0 {
		return Edit{list.File, list.Start, list.End, "[" + quoteLike(keyQuote(list), value) + "]"}
	}
	last := list.Items[len(list.Items)-1]
	sample := ""
	if last.Start < last.End {
		sample = string(src[last.Start : last.Start+1])
	}
	lineStart := bytes.LastIndexByte(src[:last.Start], '\n') + 1
	lead := string(src[lineStart:last.Start])
	if strings.TrimSpace(lead) == "-" {
		at, newline := lineEnd(src, last.End) // behind a comment
		return Edit{list.File, at, at, newline + lead + quoteLike(sample, value)}
	}
	if strings.TrimSpace(lead) == "" && len(list.Items) > 1 {
		_, newline := lineEnd(src, last.End)
		return Edit{list.File, last.End, last.End, "," + newline + lead + quoteLike(sample, value)}
	}
	return Edit{list.File, last.End, last.End, ", " + quoteLike(sample, value)}
}

// lineEnd is where the line of at ends, and how lines end in this text.
func lineEnd(src []byte, at int) (int, string) {
	newline := "\n"
	if bytes.Contains(src, []byte("\r\n")) {
		newline = "\r\n"
	}
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + len(bytes.TrimSuffix(src[at:at+i], []byte("\r"))), newline
	}
	return len(src), newline
}

// keyQuote is the quote of the key that a value belongs to: JSON quotes everything.
func keyQuote(n *Node) string {
	before := bytes.TrimRight(n.File.Src[:n.Start], " \t\r\n:")
	if bytes.HasSuffix(before, []byte(`"`)) {
		return `"`
	}
	return ""
}

func quoteLike(sample, value string) string {
	switch sample {
	case `"`:
		quoted, _ := json.Marshal(value) // a string always marshals
		return string(quoted)
	case "'":
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return value
}
