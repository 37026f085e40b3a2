package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// parseJSON reads one JSON value with the place of everything in it.
func parseJSON(t text) (*Node, *syntaxError) {
	dec := json.NewDecoder(bytes.NewReader(t.src))
	dec.UseNumber()
	p := jsonParser{text: t, dec: dec}
	n, err := p.value()
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = errors.New("text after the end of the value")
		}
	}
	at := int(dec.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 {
		at = int(syntax.Offset) - 1
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ends in the middle of a value")
	}
	return nil, &syntaxError{at: t.offset(at), message: fmt.Sprintf("this is not JSON: %v", err)}
}

// maxDepth bounds the nesting of JSON: no document of a set-up comes near it, and deeper ones would cost the stack.
const maxDepth = 500

type jsonParser struct {
	text  text
	dec   *json.Decoder
	depth int
}

// next is the next token with its place in the file.
func (p *jsonParser) next() (json.Token, int, int, error) {
	start := int(p.dec.InputOffset())
	tok, err := p.dec.Token()
	if err != nil {
		return nil, 0, 0, err
	}
	for start < len(p.text.src) { // between tokens are blanks, commas and colons
		r, n := utf8.DecodeRune(p.text.src[start:])
		if !unicode.IsSpace(r) && r != ',' && r != ':' {
			break
		}
		start += n
	}
	return tok, p.text.offset(start), p.text.offset(int(p.dec.InputOffset())), nil
}

func (p *jsonParser) value() (*Node, error) {
	tok, start, end, err := p.next()
	if err != nil {
		return nil, err
	}
	n := &Node{File: p.text.file, Start: start, End: end}
	switch v := tok.(type) {
	case json.Delim:
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("values nested deeper than %d levels", maxDepth)
		}
		if v == '{' {
			n.Kind = Map
			err = p.object(n)
		} else {
			n.Kind = List
			for err == nil && p.dec.More() {
				var item *Node
				if item, err = p.value(); err == nil {
					n.Items = append(n.Items, item)
				}
			}
		}
		if err != nil {
			return nil, err
		}
		_, _, n.End, err = p.next()
		p.depth--
	case string:
		n.Kind, n.Value = String, v
	case json.Number:
		n.Kind, n.Value = Number, v.String()
	case bool:
		n.Kind, n.Value = Bool, fmt.Sprint(v)
	}
	return n, err
}

func (p *jsonParser) object(n *Node) error {
	for p.dec.More() {
		tok, start, end, err := p.next()
		if err != nil {
			return err
		}
		key := &Node{Kind: String, Value: fmt.Sprint(tok), File: p.text.file, Start: start, End: end}
		value, err := p.value()
		if err != nil {
			return err
		}
		n.Fields = append(n.Fields, Field{key, value}) // a repeated key stays: FG209 reports it
	}
	return nil
}
