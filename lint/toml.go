package lint

import (
	"errors"

	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML reads the user data of a Bottlerocket node with the place of everything in it.
func parseTOML(t text) (*Node, *syntaxError) {
	root := &Node{Kind: Map, File: t.file, Start: t.offset(0), End: t.offset(0)}
	c := tomlReader{text: t}
	c.parser.Reset(t.src)
	table := root
	for c.parser.NextExpression() {
		e := c.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = c.table(root, e.Key(), e.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			c.set(table, e)
		}
	}
	if err := c.parser.Error(); err != nil {
		at := 0
		var parserError *unstable.ParserError
		if errors.As(err, &parserError) && len(parserError.Highlight) > 0 {
			at = int(c.parser.Range(parserError.Highlight).Offset)
		}
		return nil, &syntaxError{at: t.offset(at), message: "this is not TOML: " + err.Error()}
	}
	return root, nil
}

type tomlReader struct {
	text   text
	parser unstable.Parser
}

// key is a part of a dotted key.
func (c *tomlReader) key(n *unstable.Node) *Node {
	start := int(n.Raw.Offset)
	return &Node{Kind: String, Value: string(n.Data), File: c.text.file, Start: c.text.offset(start), End: c.text.offset(start + int(n.Raw.Length))}
}

// table is the map that a header names; of an array of tables it is the new last one.
func (c *tomlReader) table(at *Node, keys unstable.Iterator, array bool) *Node {
	for keys.Next() {
		at = c.child(at, c.key(keys.Node()), array && keys.IsLast())
	}
	return at
}

// child is the map below a key, made where it is not there.
func (c *tomlReader) child(at, key *Node, more bool) *Node {
	f := at.Field(key.Value)
	fresh := &Node{Kind: Map, File: key.File, Start: key.Start, End: key.End}
	switch {
	case f == nil && more:
		at.Fields = append(at.Fields, Field{key, &Node{Kind: List, File: key.File, Start: key.Start, End: key.End, Items: []*Node{fresh}}})
	case f == nil:
		at.Fields = append(at.Fields, Field{key, fresh})
	case f.Value.Kind == List && more:
		f.Value.Items = append(f.Value.Items, fresh)
	case f.Value.Kind == List && len(f.Value.Items) > 0:
		return f.Value.Items[len(f.Value.Items)-1]
	default:
		return f.Value
	}
	return fresh
}

// set adds a.b.c = value.
func (c *tomlReader) set(at *Node, e *unstable.Node) {
	for keys := e.Key(); keys.Next(); {
		key := c.key(keys.Node())
		if !keys.IsLast() {
			at = c.child(at, key, false)
			continue
		}
		value := c.value(e.Value(), key)
		at.Fields = append(at.Fields, Field{key, value})
		at.End = max(at.End, value.End)
	}
}

// value turns a value; what the parser gives no place for stands at its key.
func (c *tomlReader) value(v *unstable.Node, key *Node) *Node {
	n := &Node{File: key.File, Start: key.Start, End: key.End, Value: string(v.Data)}
	if v.Raw.Length > 0 {
		n.Start, n.End = c.text.offset(int(v.Raw.Offset)), c.text.offset(int(v.Raw.Offset+v.Raw.Length))
	}
	switch v.Kind {
	case unstable.Array:
		n.Kind, n.Value = List, ""
		for items := v.Children(); items.Next(); {
			if items.Node().Kind == unstable.Comment {
				continue
			}
			n.Items = append(n.Items, c.value(items.Node(), key))
		}
		if len(n.Items) > 0 {
			n.Start, n.End = n.Items[0].Start, n.Items[len(n.Items)-1].End
		}
	case unstable.InlineTable:
		n.Kind, n.Value = Map, ""
		for entries := v.Children(); entries.Next(); {
			if entries.Node().Kind == unstable.KeyValue {
				c.set(n, entries.Node())
			}
		}
	case unstable.Bool:
		n.Kind = Bool
	case unstable.Integer, unstable.Float:
		n.Kind = Number
	default:
		n.Kind = String
	}
	return n
}
