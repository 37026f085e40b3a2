package lint_test

import (
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
)

// TestEdits: edits keep the style around them, and the text stays what it was elsewhere.
func TestEdits(t *testing.T) {
	const head = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nextflow}\n"
	item := func(i int) func(o *lint.Node) lint.Edit {
		return func(o *lint.Node) lint.Edit { return lint.RemoveItem(o.Get("list"), i) }
	}
	add := func(o *lint.Node) lint.Edit { return lint.AppendItem(o.Get("list"), "new") }
	replace := func(o *lint.Node) lint.Edit { return lint.Replace(o.Get("a"), "it's \"new\"") }
	remove := func(o *lint.Node) lint.Edit { return lint.RemoveField(o.Field("a")) }
	tests := []struct {
		name, file, before, after string
		edit                      func(o *lint.Node) lint.Edit
	}{
		{"replace plain", "x.yaml", "a: old # why\n", "a: it's \"new\" # why\n", replace},
		{"replace quoted", "x.yaml", "a: \"old\"\n", "a: \"it's \\\"new\\\"\"\n", replace},
		{"replace single-quoted", "x.yaml", "a: 'o''ld' # why\n", "a: 'it''s \"new\"' # why\n", replace},
		{"remove block item", "x.yaml", "list:\n  - one\n  - two # why\n  - three\n", "list:\n  - one\n  - three\n", item(1)},
		{"remove flow item", "x.yaml", "list: [one, two, three]\n", "list: [one, three]\n", item(1)},
		{"remove last flow item", "x.yaml", "list: [one, two]\n", "list: [one]\n", item(1)},
		{"remove only flow item", "x.yaml", "list: [one]\n", "list: []\n", item(0)},
		{"remove block map item", "x.yaml", "list:\n  - name: one\n    value: 1\n  - name: two\n", "list:\n  - name: two\n", item(0)},
		{"append to block", "x.yaml", "list:\n  - one\n  - two # why\nb: 1\n", "list:\n  - one\n  - two # why\n  - new\nb: 1\n", add},
		{"append with CRLF", "x.yaml", "list:\r\n  - one # why\r\nb: 1\r\n", "list:\r\n  - one # why\r\n  - new\r\nb: 1\r\n", add},
		{"append to flow", "x.yaml", "list: [one, \"two\"]\n", "list: [one, \"two\", \"new\"]\n", add},
		{"append to empty", "x.yaml", "list: []\n", "list: [new]\n", add},
		{"append at the end of the file", "x.yaml", "list:\n  - one", "list:\n  - one\n  - new", add},
		{"remove block field", "x.yaml", "a:\n  b: 1\n  c: 2\nd: 3\n", "d: 3\n", remove},
		{"remove flow field", "x.yaml", "a: 1\nb: {a: 2}\n", "b: {a: 2}\n", remove},
		{"JSON item", "x.json", "\"list\": [\n  \"one\",\n  \"two\"\n]", "\"list\": [\n  \"one\"\n]", item(1)},
		{"JSON append", "x.json", "\"list\": [\n  \"one\",\n  \"two\"\n]", "\"list\": [\n  \"one\",\n  \"two\",\n  \"new\"\n]", add},
		{"JSON append to one", "x.json", "\"list\": [\"one\"]", "\"list\": [\"one\", \"new\"]", add},
		{"JSON append to empty", "x.json", "\"list\": []", "\"list\": [\"new\"]", add},
		{"JSON field", "x.json", "\"a\": 1,\n\"b\": 2", "\"b\": 2", remove},
		{"JSON last field", "x.json", "\"b\": 2,\n\"a\": 1", "\"b\": 2", remove},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := head+test.before, head+test.after
			if test.file == "x.json" {
				const open = "{\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"nextflow\"},\n"
				before, after = open+test.before+"\n}\n", open+test.after+"\n}\n"
			}
			rule := lint.Rule{ID: "FG996", Check: func(set *lint.Setup, report *lint.Reporter) {
				for _, o := range set.Objects {
					report.At(o.Node, "", "x").Safe(test.edit(o.Node))
				}
			}}
			tree := lint.FromFS(fstest.MapFS{test.file: {Data: []byte(before)}})
			found, err := lint.Run(lint.Input{Tree: tree, Paths: []string{"."}}, []lint.Rule{rule}, lint.Options{})
			if err != nil {
				t.Fatal(err)
			}
			fixed := lint.Apply(found, false)
			if len(fixed) != 1 || string(fixed[0].New) != after {
				t.Errorf("got %q, want %q", texts(fixed), after)
			}
		})
	}
}

// TestApply: unsafe fixes wait for their word, of two that overlap the first is made, and a byte order mark stays.
func TestApply(t *testing.T) {
	f := lint.NewFile("a.yaml", []byte("\uFEFFone two"))
	edit := func(start, end int, text string, unsafe bool) lint.Finding {
		return lint.Finding{Fix: &lint.Fix{Unsafe: unsafe, Edits: []lint.Edit{{File: f, Start: start, End: end, New: text}}}}
	}
	all := []lint.Finding{edit(0, 3, "1", false), edit(1, 5, "x", false), edit(4, 7, "2", true), edit(0, 0, "0", false)}
	for unsafe, want := range map[bool]string{false: "\uFEFF1 two", true: "\uFEFF1 2"} {
		fixed := lint.Apply(all, unsafe)
		if len(fixed) != 1 || string(fixed[0].New) != want || string(fixed[0].Old) != "\uFEFFone two" {
			t.Errorf("unsafe %v: %q", unsafe, texts(fixed))
		}
	}
}

func texts(fixed []lint.Fixed) (out []string) {
	for _, f := range fixed {
		out = append(out, string(f.New))
	}
	return out
}
