package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// maxNodes bounds what aliases may expand to.
const maxNodes = 100_000

// parseYAML reads YAML and JSON, which is a part of YAML.
func parseYAML(name string, src []byte) (*tree, Diagnostics) {
	lines := bytes.Split(src, []byte("\n"))
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		return nil, Diagnostics{yamlDiagnostic(name, lines, err)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		where := codePoint(name, lines, second.Line, second.Column)
		return nil, Diagnostics{{Pos: where, Message: "a spec is one YAML document", Hint: "variants go below environments"}}
	}
	r := yamlReader{tree: &tree{file: name, keys: map[string]Pos{}, values: map[string]Pos{}}, lines: lines}
	data := r.value(&doc, "")
	if len(r.diags) > 0 {
		return nil, r.diags.sorted()
	}
	fields, ok := data.(map[string]any)
	if !ok {
		return nil, Diagnostics{{Pos: r.pos(&doc), Message: "a spec is a block of fields, beginning with name", Hint: "fusiongen init writes one"}}
	}
	r.tree.data = fields
	return r.tree, nil
}

type yamlReader struct {
	tree  *tree
	lines [][]byte
	nodes int
	open  []*yaml.Node // anchors being expanded
	diags Diagnostics
}

func (r *yamlReader) pos(n *yaml.Node) Pos {
	return codePoint(r.tree.file, r.lines, n.Line, n.Column)
}

func (r *yamlReader) report(n *yaml.Node, path, message, hint string) {
	r.diags = append(r.diags, Diagnostic{Pos: r.pos(n), Path: path, Message: message, Hint: hint})
}

func (r *yamlReader) value(n *yaml.Node, path string) any {
	if r.nodes++; r.nodes > maxNodes || len(r.diags) > 50 || len(r.open) > 100 {
		if r.nodes == maxNodes+1 {
			r.report(n, path, fmt.Sprintf("the anchors expand to more than %d values", maxNodes), "")
		}
		return nil
	}
	r.tree.values[path] = r.pos(n)
	switch n.Kind {
	case yaml.DocumentNode:
		return r.value(n.Content[0], path)
	case yaml.AliasNode:
		for _, a := range r.open {
			if a == n.Alias {
				r.report(n, path, "the anchor contains itself", "")
				return nil
			}
		}
		r.open = append(r.open, n.Alias)
		defer func() { r.open = r.open[:len(r.open)-1] }()
		return r.value(n.Alias, path)
	case yaml.MappingNode:
		return r.mapping(n, path)
	case yaml.SequenceNode:
		list := []any{}
		for i, element := range n.Content {
			list = append(list, r.value(element, join(path, strconv.Itoa(i))))
		}
		return list
	}
	var v any
	if err := n.Decode(&v); err != nil {
		r.report(n, path, "this value cannot be read: "+err.Error(), "put it in quotes")
	}
	switch v.(type) {
	case nil, bool, int, int64, uint64, float64, string:
		return v
	}
	return n.Value // dates and the like mean their text here
}

func (r *yamlReader) mapping(n *yaml.Node, path string) any {
	fields := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			if merged, ok := r.value(value, path).(map[string]any); ok {
				for k, v := range merged {
					if _, own := fields[k]; !own {
						fields[k] = v
					}
				}
			}
			continue
		}
		at := join(path, key.Value)
		if first, twice := r.tree.keys[at]; twice && len(r.open) == 0 {
			r.report(key, at, fmt.Sprintf("the field is given twice; first on line %d", first.Line), "keep one")
		}
		r.tree.keys[at] = r.pos(key)
		fields[key.Value] = r.value(value, at)
	}
	return fields
}

var yamlLine = regex.Lazy(`^yaml: (?:line (\d+): )?(.*)$`)

func yamlDiagnostic(name string, lines [][]byte, err error) Diagnostic {
	language := "YAML"
	if strings.HasSuffix(name, ".json") {
		language = "JSON"
	}
	match := yamlLine().FindStringSubmatch(err.Error())
	if match == nil {
		return Diagnostic{Pos: Pos{File: name, Line: 1, Column: 1}, Message: "this is no " + language + ": " + err.Error()}
	}
	line, _ := strconv.Atoi(match[1]) // absent is 0
	return Diagnostic{Pos: codePoint(name, lines, max(line, 1), 1), Message: "this is no " + language + ": " + match[2]}
}
