package gen

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	yaml2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// unit is what one kustomization of a tree applies.
type unit struct {
	bases      []string // their directories in the tree
	objects    []object // of the bases
	components bool     // whether components change the objects or add to them
}

// stream prints the objects in kustomize's legacy order, and as kustomize does, which reads with one YAML library and
// writes with the other.
func (u unit) stream() ([]byte, error) {
	var out bytes.Buffer
	for i, o := range slices.SortedFunc(slices.Values(u.objects), legacy) {
		var content map[string]any
		if err := yaml.Unmarshal(o.data, &content); err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.kind, o.name, err)
		}
		data, err := yaml2.Marshal(content)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.kind, o.name, err)
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(data)
	}
	return out.Bytes(), nil
}

// legacy compares objects as kustomize's legacy order does (api/internal/builtins/SortOrderTransformer.go).
func legacy(a, b object) int {
	x, y := a.kindID(), b.kindID()
	switch {
	case x.IsLessThan(y):
		return -1
	case y.IsLessThan(x):
		return 1
	}
	place := func(o object) string { return cmp.Or(o.namespace, "~X") + "|" + o.name }
	return cmp.Compare(place(a), place(b))
}

func (o object) kindID() resid.Gvk {
	group, version := resid.ParseGroupVersion(o.apiVersion)
	return resid.Gvk{Group: group, Version: version, Kind: o.kind}
}
