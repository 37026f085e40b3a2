package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf8"
)

// node is a JSON value with its place.
type node struct {
	start  int        // byte offset
	value  json.Token // string, json.Number, bool, nil; '{' and '[' as json.Delim
	fields []field    // of '{', in order
	items  []*node    // of '['
}

type field struct {
	key   *node
	value *node
}

// get is the value of the first field of that name, nil where there is none.
func (n *node) get(name string) *node {
	i := slices.IndexFunc(n.fields, func(f field) bool { return f.key.value == name })
	if i < 0 {
		return nil
	}
	return n.fields[i].value
}

func (n *node) object() bool { return n.value == json.Delim('{') }
func (n *node) list() bool   { return n.value == json.Delim('[') }

// maxDepth bounds the nesting: a policy has five levels.
const maxDepth = 32

type reader struct {
	src   []byte
	dec   *json.Decoder
	depth int
}

// readJSON reads one JSON value; the error is an *Error.
func readJSON(src []byte) (*node, error) {
	r := &reader{src: src, dec: json.NewDecoder(bytes.NewReader(src))}
	r.dec.UseNumber()
	n, err := r.read()
	if err == nil {
		if _, err = r.dec.Token(); errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = errors.New("there is text after the end of the document")
		}
	}
	at := int(r.dec.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 {
		at = int(syntax.Offset) - 1
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ends in the middle of a value")
	}
	return nil, &Error{Pos: position(src, at), Message: fmt.Sprintf("this is not JSON: %v", err)}
}

func (r *reader) next() (*node, error) {
	start := int(r.dec.InputOffset())
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	for start < len(r.src) { // blanks, commas and colons stand between tokens
		c, size := utf8.DecodeRune(r.src[start:])
		if !unicode.IsSpace(c) && c != ',' && c != ':' {
			break
		}
		start += size
	}
	return &node{start: start, value: token}, nil
}

func (r *reader) read() (*node, error) {
	n, err := r.next()
	if err != nil || !n.object() && !n.list() {
		return n, err
	}
	if r.depth++; r.depth > maxDepth {
		return nil, fmt.Errorf("values are nested deeper than %d levels", maxDepth)
	}
	for r.dec.More() {
		var f field
		if n.object() {
			if f.key, err = r.next(); err != nil {
				return nil, err
			}
		}
		if f.value, err = r.read(); err != nil {
			return nil, err
		}
		if n.object() {
			n.fields = append(n.fields, f)
		} else {
			n.items = append(n.items, f.value)
		}
	}
	r.depth--
	_, err = r.next()
	return n, err
}

// position turns a byte offset into a place.
func position(src []byte, offset int) Pos {
	offset = min(offset, len(src))
	line := bytes.LastIndexByte(src[:offset], '\n') + 1
	return Pos{Line: bytes.Count(src[:offset], []byte("\n")) + 1, Column: utf8.RuneCount(src[line:offset]) + 1}
}
