package lint

import (
	"bytes"
	"slices"
	"sort"
	"unicode/utf8"

	"github.com/fusiongen/fusiongen/schema"
)

// File is one input: its name as the user gave it and its bytes, without a byte order mark.
type File struct {
	Name string
	Src  []byte

	lines []int // byte offset of the start of each line
	mark  bool  // it began with a byte order mark

	concern concern // see concernOf
}

var byteOrderMark = []byte("\uFEFF")

// NewFile indexes src.
func NewFile(name string, src []byte) *File {
	src, mark := bytes.CutPrefix(src, byteOrderMark)
	return &File{Name: name, Src: src, lines: lineStarts(src), mark: mark}
}

// bytes are those of a text of this file on the disk.
func (f *File) bytes(text []byte) []byte {
	if f.mark {
		return slices.Concat(byteOrderMark, text)
	}
	return text
}

func lineStarts(src []byte) []int {
	starts := []int{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// Pos is the line and column (code points) of a byte offset.
func (f *File) Pos(offset int) schema.Pos {
	offset = max(0, min(offset, len(f.Src)))
	line := sort.SearchInts(f.lines, offset+1) - 1
	return schema.Pos{File: f.Name, Line: line + 1, Column: utf8.RuneCount(f.Src[f.lines[line]:offset]) + 1}
}

// Span is the place of the bytes [start, end).
func (f *File) Span(start, end int) Span { return Span{Pos: f.Pos(start), End: f.Pos(end)} }

// Offset is the byte offset of a line and column, both counted from 1, cut to the file.
func (f *File) Offset(line, column int) int {
	if line < 1 || line > len(f.lines) {
		return len(f.Src)
	}
	rest := f.Src[f.lines[line-1]:]
	at := f.lines[line-1]
	for range column - 1 {
		_, n := utf8.DecodeRune(rest)
		if n == 0 || rest[0] == '\n' {
			break
		}
		at, rest = at+n, rest[n:]
	}
	return at
}

// line is the text of a line (from 1) without its line end.
func (f *File) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	end := len(f.Src)
	if n < len(f.lines) {
		end = f.lines[n]
	}
	return string(bytes.TrimRight(f.Src[f.lines[n-1]:end], "\r\n"))
}

// A text is what a parser reads of a file: all of it, or the inside of a fenced block. at[i] is the offset in
// the file of the start of the text's line i.
type text struct {
	file *File
	src  []byte
	own  []int // line starts in src
	at   []int // the same lines' starts in file.Src
}

func whole(f *File) text { return text{file: f, src: f.Src, own: f.lines, at: f.lines} }

// offset maps a byte offset of the text to one of the file.
func (t text) offset(i int) int {
	i = max(0, min(i, len(t.src)))
	line := sort.SearchInts(t.own, i+1) - 1
	return min(t.at[line]+i-t.own[line], len(t.file.Src))
}
