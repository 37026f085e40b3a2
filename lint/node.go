package lint

import (
	"strings"
)

// Kind is what a node is.
type Kind int

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Number
	String
	Map
	List
)

// Node is a value of a YAML or JSON document with its place. A nil Node is an absent value: all methods take it.
type Node struct {
	Kind   Kind
	Value  string  // text of a scalar, decoded
	Fields []Field // of a Map, in order
	Items  []*Node // of a List

	File       *File
	Start, End int // byte offsets in File; of a Map or List its first to its last value

	certain certainty // of Value, once it was asked for: rules ask all the time
}

type certainty int8

const (
	notAsked certainty = iota
	stands             // in the file
	depends            // on what no file shows
)

// Field is an entry of a Map.
type Field struct {
	Key   *Node
	Value *Node
}

// Get follows keys through maps and is nil where one is absent.
func (n *Node) Get(keys ...string) *Node {
	for _, key := range keys {
		f := n.Field(key)
		if f == nil {
			return nil
		}
		n = f.Value
	}
	return n
}

// Field is the entry of a map, or nil.
func (n *Node) Field(key string) *Field {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Key.Value == key {
			return &n.Fields[i]
		}
	}
	return nil
}

// List are the items of a list, and none of anything else.
func (n *Node) List() []*Node {
	if n == nil || n.Kind != List {
		return nil
	}
	return n.Items
}

// OneOrMore are the items of a list, or the value itself: IAM takes both.
func (n *Node) OneOrMore() []*Node {
	if n == nil || n.Kind == Null {
		return nil
	}
	if n.Kind == List {
		return n.Items
	}
	return []*Node{n}
}

// Text is the scalar's text; "" of what is absent, unknown or no scalar.
func (n *Node) Text() string {
	if !n.Known() {
		return ""
	}
	return n.Value
}

// Known says whether n is a scalar whose value stands in the file: no template, no variable, no placeholder.
func (n *Node) Known() bool {
	return n != nil && n.Kind != Map && n.Kind != List && n.Kind != Null && !n.depends()
}

// Unknown says whether n is there but its value is not: a template expression, a variable or a placeholder.
func (n *Node) Unknown() bool {
	return n != nil && n.Kind == String && n.depends()
}

func (n *Node) depends() bool {
	if n.certain == notAsked {
		n.certain = stands
		if unknown(n.Value) {
			n.certain = depends
		}
	}
	return n.certain == depends
}

// IsTrue says whether n is known to be true.
func (n *Node) IsTrue() bool { return n.Known() && n.Value == "true" }

// Find is the item of a list of maps whose field has this value.
func (n *Node) Find(field, value string) *Node {
	for _, item := range n.List() {
		if item.Get(field).Text() == value {
			return item
		}
	}
	return nil
}

// Texts are the known scalars of a list or of a single value.
func (n *Node) Texts() []string {
	var out []string
	for _, item := range n.OneOrMore() {
		if item.Known() {
			out = append(out, item.Value)
		}
	}
	return out
}

// Walk visits n and everything below it, each node once, with its path ("spec.rules.0.verbs").
func (n *Node) Walk(visit func(path string, n *Node)) {
	n.walk("", map[*Node]bool{}, visit)
}

func (n *Node) walk(path string, seen map[*Node]bool, visit func(string, *Node)) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true // anchors make nodes shared
	visit(path, n)
	for _, f := range n.Fields {
		f.Value.walk(join(path, f.Key.Value), seen, visit)
	}
	for i, item := range n.Items {
		item.walk(join(path, itoa(i)), seen, visit)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// hidden stands for each code point of a template expression.
const hidden = '\uE000'

// unknown says whether the text depends on what no file shows: `{{ … }}` (masked before parsing), `${VAR}` and
// `$(VAR)` of envsubst, Flux and make, but for IAM's own policy variables.
func unknown(s string) bool {
	if strings.ContainsRune(s, hidden) || placeholder(s) != "" {
		return true
	}
	for _, open := range []string{"${", "$("} {
		for rest := s; ; {
			i := strings.Index(rest, open)
			if i < 0 {
				break
			}
			rest = rest[i+2:]
			if !strings.HasPrefix(rest, "aws:") && !strings.HasPrefix(rest, "s3:") && !strings.HasPrefix(rest, "*") {
				return true
			}
		}
	}
	return false
}
