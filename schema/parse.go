package schema

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxSpec bounds the size of a spec; a real one has a few kilobytes.
const maxSpec = 1 << 20

// parse reads the text by its name's extension. Standard input ("-") is CUE, of which JSON is a part, or else YAML.
func parse(name string, src []byte) (*tree, Diagnostics) {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")) // a byte order mark is no part of the text
	if d := readable(name, src); d != nil {
		return nil, d
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return parseYAML(name, src)
	case ".cue":
		return parseCUE(name, src)
	}
	if name != "-" {
		return nil, Diagnostics{{Pos: Pos{File: name}, Message: "a spec's name ends in .cue, .yaml, .yml or .json", Hint: "or comes on standard input as -"}}
	}
	t, diags := parseCUE("<stdin>", src)
	if diags == nil {
		return t, nil
	}
	if y, yamlDiags := parseYAML("<stdin>", src); yamlDiags == nil {
		return y, nil
	}
	return nil, diags
}

// readable refuses what is no text of a sensible size.
func readable(name string, src []byte) Diagnostics {
	start := Pos{File: name, Line: 1, Column: 1}
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return Diagnostics{{Pos: start, Message: "the spec is empty", Hint: "fusiongen init writes one"}}
	case len(src) > maxSpec:
		return Diagnostics{{Pos: start, Message: fmt.Sprintf("the spec has %d bytes; at most %d are read", len(src), maxSpec)}}
	case bytes.IndexByte(src, 0) >= 0:
		return Diagnostics{{Pos: offsetPos(name, src, bytes.IndexByte(src, 0)), Message: "this is a binary file, not a spec"}}
	case !utf8.Valid(src):
		i := 0
		for rest := src; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 {
				break
			}
			i, rest = i+n, rest[n:]
		}
		return Diagnostics{{Pos: offsetPos(name, src, i), Message: "the spec is not valid UTF-8"}}
	}
	return nil
}

// offsetPos is the place of a byte offset.
func offsetPos(name string, src []byte, offset int) Pos {
	before := src[:min(offset, len(src))]
	line := bytes.Count(before, []byte("\n"))
	start := bytes.LastIndexByte(before, '\n') + 1
	return Pos{File: name, Line: line + 1, Column: utf8.RuneCount(before[start:]) + 1}
}

// codePoint converts a line and a byte column, both from 1, to a place.
func codePoint(name string, lines [][]byte, line, column int) Pos {
	if line < 1 || line > len(lines) {
		return Pos{File: name, Line: 1, Column: 1}
	}
	text := lines[line-1]
	return Pos{File: name, Line: line, Column: utf8.RuneCount(text[:max(0, min(column-1, len(text)))]) + 1}
}
