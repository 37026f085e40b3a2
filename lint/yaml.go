package lint

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// maxNodes bounds what the aliases of one document may expand to.
const maxNodes = 1_000_000

// template expressions of Helm and of other generators; a line that holds nothing else is control flow.
var expression = regex.Lazy(`\{\{.*?\}\}`)

// mask hides template expressions: their value is unknown, and YAML would not take the braces. The text keeps its
// length in code points, so that all positions stay true.
func mask(src []byte) []byte {
	if !bytes.Contains(src, []byte("{{")) {
		return src
	}
	var out bytes.Buffer
	for line := range bytes.Lines(src) {
		trimmed := bytes.TrimSpace(expression().ReplaceAll(line, nil))
		control := len(trimmed) == 0 && expression().Match(line)
		out.Write(expression().ReplaceAllFunc(line, func(m []byte) []byte {
			if control {
				return []byte("#" + strings.Repeat(" ", utf8.RuneCount(m)-1))
			}
			return []byte(strings.Repeat(string(hidden), utf8.RuneCount(m)))
		}))
	}
	return out.Bytes()
}

// parseYAML reads all documents of a text. Documents before a mistake are kept.
func parseYAML(t text) ([]*Node, *syntaxError) {
	dec := yaml.NewDecoder(bytes.NewReader(mask(t.src)))
	var docs []*Node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if err != nil {
			if err.Error() == "EOF" {
				return docs, nil
			}
			return docs, yamlError(t, err)
		}
		c := converter{text: t, done: map[*yaml.Node]*Node{}, weight: map[*yaml.Node]int{}}
		if len(doc.Content) == 0 {
			continue
		}
		n, err := c.node(doc.Content[0])
		if err != nil {
			return docs, &syntaxError{at: c.fileOffset(doc.Content[0].Line, doc.Content[0].Column), message: err.Error()}
		}
		if n.Kind != Null {
			docs = append(docs, n)
		}
	}
}

// syntaxError is why a file cannot be read; at is an offset in the file.
type syntaxError struct {
	at      int
	message string
}

// parserMistake begins the messages whose line the YAML library counts from 0; that line is where the broken list or map begins.
var parserMistake = regex.Lazy("^did not find expected (?:<document start>|node content|'-' indicator|key|',' or)")

var yamlLine = regex.Lazy(`^(?:yaml: )?(?:line (\d+): )?`)

func yamlError(t text, err error) *syntaxError {
	m := yamlLine().FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(m[1])
	message := strings.TrimPrefix(err.Error(), m[0])
	if parserMistake().MatchString(message) {
		line++
	}
	c := converter{text: t}
	return &syntaxError{at: c.fileOffset(max(line, 1), 1), message: "this is not YAML: " + message}
}

// converter turns yaml.Nodes into ours.
type converter struct {
	text   text
	done   map[*yaml.Node]*Node
	weight map[*yaml.Node]int // nodes below, aliases expanded
}

var errBomb = errors.New("aliases of this YAML document expand to more than a million values; it is not read")

func (c *converter) node(y *yaml.Node) (*Node, error) {
	if y.Kind == yaml.AliasNode {
		n, err := c.node(y.Alias)
		c.weight[y] = c.weight[y.Alias]
		return n, err
	}
	if n, ok := c.done[y]; ok {
		return n, nil
	}
	start := c.fileOffset(y.Line, y.Column)
	n := &Node{File: c.text.file, Start: start, End: start}
	c.done[y] = n // before its children: an anchor may hold an alias of itself
	weight := 1
	for _, child := range y.Content {
		if _, err := c.node(child); err != nil {
			return nil, err
		}
		weight += c.weight[child]
	}
	if c.weight[y] = weight; weight > maxNodes {
		return nil, errBomb
	}
	switch y.Kind {
	case yaml.MappingNode:
		n.Kind = Map
		for i := 0; i+1 < len(y.Content); i += 2 {
			if err := c.field(n, y.Content[i], y.Content[i+1]); err != nil {
				return nil, err
			}
		}
		n.End = c.end(y, n)
	case yaml.SequenceNode:
		n.Kind = List
		for _, child := range y.Content {
			item, err := c.node(child)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, item)
		}
		n.End = c.end(y, n)
	default:
		n.Kind, n.Value = scalarKind(y), y.Value
		n.End = c.scalarEnd(y)
	}
	return n, nil
}

// withoutPlaces turns what kustomize made into a Node; render finds the places.
func withoutPlaces(y *yaml.Node) *Node {
	switch y.Kind {
	case yaml.DocumentNode:
		return withoutPlaces(y.Content[0])
	case yaml.AliasNode:
		return withoutPlaces(y.Alias)
	case yaml.MappingNode:
		n := &Node{Kind: Map, Fields: make([]Field, 0, len(y.Content)/2)}
		for i := 0; i+1 < len(y.Content); i += 2 {
			n.Fields = append(n.Fields, Field{withoutPlaces(y.Content[i]), withoutPlaces(y.Content[i+1])})
		}
		return n
	case yaml.SequenceNode:
		n := &Node{Kind: List, Items: make([]*Node, 0, len(y.Content))}
		for _, item := range y.Content {
			n.Items = append(n.Items, withoutPlaces(item))
		}
		return n
	}
	return &Node{Kind: scalarKind(y), Value: y.Value}
}

func scalarKind(y *yaml.Node) Kind {
	switch y.ShortTag() {
	case "!!null":
		return Null
	case "!!bool":
		return Bool
	case "!!int", "!!float":
		return Number
	}
	return String
}

// field adds an entry; `<<` merges the maps it names, whose entries lose against those written out.
func (c *converter) field(n *Node, key, value *yaml.Node) error {
	k, err := c.node(key)
	if err != nil {
		return err
	}
	v, err := c.node(value)
	if err != nil {
		return err
	}
	if key.Tag != "!!merge" {
		if i := n.index(k.Value); i >= 0 {
			n.Fields[i] = Field{k, v}
		} else {
			n.Fields = append(n.Fields, Field{k, v})
		}
		return nil
	}
	for _, m := range v.OneOrMore() {
		for _, f := range m.Fields {
			if n.index(f.Key.Value) < 0 {
				n.Fields = append(n.Fields, f)
			}
		}
	}
	return nil
}

func (n *Node) index(key string) int {
	for i, f := range n.Fields {
		if f.Key.Value == key {
			return i
		}
	}
	return -1
}

// end of a collection is the end of its last value, or its closing bracket.
func (c *converter) end(y *yaml.Node, n *Node) int {
	end := n.Start
	for _, child := range y.Content {
		if child.Kind != yaml.AliasNode {
			end = max(end, c.done[child].End)
		}
	}
	if y.Style&yaml.FlowStyle != 0 {
		src := n.File.Src
		for i := end; i < len(src); i++ {
			if src[i] == '}' || src[i] == ']' {
				return i + 1
			}
		}
	}
	return end
}

// scalarEnd finds where a scalar ends: the parser does not say.
func (c *converter) scalarEnd(y *yaml.Node) int {
	start := c.fileOffset(y.Line, y.Column)
	src := c.text.file.Src
	switch {
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end := start
		for end < len(src) && src[end] != '\n' {
			end++
		}
		return end // the mark only: its lines are content
	case y.Style&yaml.DoubleQuotedStyle != 0:
		for i := start + 1; i < len(src); i++ {
			if src[i] == '\\' {
				i++
			} else if src[i] == '"' {
				return i + 1
			}
		}
	case y.Style&yaml.SingleQuotedStyle != 0:
		for i := start + 1; i < len(src); i++ {
			if src[i] == '\'' {
				if i+1 < len(src) && src[i+1] == '\'' {
					i++
					continue
				}
				return i + 1
			}
		}
	}
	end := c.fileOffset(y.Line, y.Column+utf8.RuneCountInString(y.Value))
	if i := strings.IndexByte(string(src[start:end]), '\n'); i >= 0 {
		end = start + i
	}
	return end
}

// fileOffset maps a line and column of the masked text to an offset of the file.
func (c *converter) fileOffset(line, column int) int {
	if line < 1 || line > len(c.text.at) {
		return len(c.text.file.Src)
	}
	at, src := c.text.at[line-1], c.text.file.Src
	for range column - 1 {
		_, n := utf8.DecodeRune(src[at:])
		if n == 0 || src[at] == '\n' {
			break
		}
		at += n
	}
	return at
}
