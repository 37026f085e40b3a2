package rules

import (
	"bytes"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var kustomizeDeprecated = lint.Rule{
	ID: "FG601", Slug: "kustomize-deprecated", Severity: lint.Warning, Since: "0.1",
	Summary: "a kustomization has a field that kustomize will drop",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, k := range set.Kustomizations {
			for i := range k.Node.Fields {
				f := &k.Node.Fields[i]
				if use, ok := deprecatedFields[f.Key.Value]; ok {
					report.At(f.Key, "use "+use, "kustomize has deprecated %s and warns at every build; a later one refuses it", f.Key.Value).Safe(modern(k.Node, f)...)
				}
			}
		}
	},
}

// deprecatedFields are kustomize's with what to use instead. Source: kustomize api/types/kustomization.go and `kustomize edit fix`.
var deprecatedFields = map[string]string{
	"bases":                 "resources",
	"imageTags":             "images",
	"commonLabels":          "labels, with includeSelectors: true for the same effect",
	"patchesStrategicMerge": "patches",
	"patchesJson6902":       "patches",
	"vars":                  "replacements",
}

// modern are the edits that say the same in the new field, where the old one is written in block style and the new one is
// not there yet.
func modern(k *lint.Node, f *lint.Field) []lint.Edit {
	has := func(key string) bool { return k.Get(key) != nil }
	switch f.Key.Value {
	case "bases":
		if !has("resources") {
			return replace(f.Key, "resources")
		}
	case "imageTags":
		if !has("images") {
			return replace(f.Key, "images")
		}
	case "patchesJson6902":
		if !has("patches") && !has("patchesStrategicMerge") {
			return replace(f.Key, "patches")
		}
	case "patchesStrategicMerge":
		if !has("patches") && !has("patchesJson6902") {
			return pathsOf(f)
		}
	case "commonLabels":
		if !has("labels") {
			return labelsOf(f)
		}
	}
	return nil
}

// pathsOf makes "- patch.yaml" into "- path: patch.yaml".
func pathsOf(f *lint.Field) []lint.Edit {
	edits := replace(f.Key, "patches")
	for _, n := range f.Value.List() {
		lead := indent(n.File.Src, n.Start)
		if !n.Known() || !exact(n) || strings.Contains(n.Value, "\n") || len(lead) == 0 {
			return nil
		}
		edits = append(edits, lint.Edit{File: n.File, Start: n.Start, End: n.Start, New: "path: "})
	}
	return edits
}

// labelsOf makes a block of commonLabels into the first entry of labels.
func labelsOf(f *lint.Field) []lint.Edit {
	src := f.Key.File.Src
	var text strings.Builder
	text.WriteString("labels:\n  - includeSelectors: true\n    pairs:\n")
	for _, pair := range f.Value.Fields {
		if indent(src, pair.Key.Start) == nil || bytes.IndexByte(src[pair.Key.Start:pair.Value.End], '\n') >= 0 {
			return nil
		}
		text.WriteString("      " + string(src[pair.Key.Start:pair.Value.End]) + "\n")
	}
	return []lint.Edit{{File: f.Key.File, Start: f.Key.Start, End: f.Value.End, New: strings.TrimSuffix(text.String(), "\n")}}
}
