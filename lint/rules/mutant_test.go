//go:build mutation

package rules_test

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/lint/nfconfig"
)

// mutant is a generated tree with one thing changed.
type mutant struct {
	file, field, change string // change is delete or alter
	text                []byte // of the file; nil where the whole file is gone
}

func (m mutant) String() string { return m.file + " " + m.field + " " + m.change }

// mutants changes each scalar, each list element and each document of a file in turn.
func mutants(t *testing.T, name string, src []byte) []mutant {
	t.Helper()
	if name == "nextflow.config" {
		return append(configMutants(src), mutant{name, "", "delete", nil})
	}
	switch path.Ext(name) {
	case ".yaml", ".json":
	default:
		return nil
	}
	var docs []*yaml.Node
	for dec := yaml.NewDecoder(bytes.NewReader(src)); ; {
		var doc yaml.Node
		if dec.Decode(&doc) != nil {
			break
		}
		docs = append(docs, doc.Content[0])
	}
	out := []mutant{{name, "", "delete", nil}}
	render := func() []byte {
		var b bytes.Buffer
		enc := yaml.NewEncoder(&b)
		for _, d := range docs {
			if err := enc.Encode(d); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	for _, d := range docs {
		walkMutants(d, "", func(field, change string) { out = append(out, mutant{name, field, change, render()}) })
	}
	return out
}

// walkMutants makes each change below n, calls made, and takes it back.
func walkMutants(n *yaml.Node, field string, made func(field, change string)) {
	below := func(key string) string { return strings.TrimPrefix(field+"."+key, ".") }
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, all := below(n.Content[i].Value), n.Content
			n.Content = append(append([]*yaml.Node{}, all[:i]...), all[i+2:]...)
			made(key, "delete")
			n.Content = all
			walkMutants(all[i+1], key, made)
		}
	case yaml.SequenceNode:
		for i := range n.Content {
			key, all := below(strconv.Itoa(i)), n.Content
			n.Content = append(append([]*yaml.Node{}, all[:i]...), all[i+1:]...)
			made(key, "delete")
			n.Content = all
			walkMutants(all[i], key, made)
		}
	case yaml.ScalarNode:
		old := n.Value
		n.Value = altered(old)
		made(field, "alter")
		n.Value = old
	}
}

// altered is another value of the same type.
func altered(old string) string {
	switch old {
	case "true":
		return "false"
	case "false":
		return "true"
	}
	if n, err := strconv.Atoi(old); err == nil {
		return strconv.Itoa(n + 7)
	}
	return old + "-x"
}

// configMutants deletes each setting of a configuration, and alters each value.
func configMutants(src []byte) []mutant {
	f, _ := nfconfig.Parse(src)
	var out []mutant
	cut := func(start, end int, text string) []byte {
		return append(append(append([]byte{}, src[:start]...), text...), src[end:]...)
	}
	var values func(field string, v nfconfig.Value)
	values = func(field string, v nfconfig.Value) {
		for i, item := range v.Items {
			values(fmt.Sprintf("%s.%d", field, i), item)
		}
		for _, e := range v.Entries {
			values(field+"."+e.Key, e.Value)
		}
		if v.Kind == nfconfig.String || v.Kind == nfconfig.Number || v.Kind == nfconfig.Bool {
			text := altered(v.Text)
			if v.Kind == nfconfig.String {
				text = strconv.Quote(text)
			}
			out = append(out, mutant{"nextflow.config", field, "alter", cut(v.Start, v.End, text)})
		}
	}
	for _, s := range f.Settings {
		out = append(out, mutant{"nextflow.config", s.Name, "delete", cut(s.Start, s.End, "")})
		values(s.Name, s.Value)
	}
	return out
}
