package gen

import (
	"fmt"
	"path"
	"slices"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Render is the stream that `kubectl kustomize` prints of an environment's directory ("" for a spec without
// environments).
func (t *Tree) Render(env string) ([]byte, error) {
	resources, err := t.Kustomize(env)
	if err != nil {
		return nil, err
	}
	return Stream(resources)
}

// Kustomize is what kustomize makes of an environment's directory, in kubectl's order (which forces the legacy one),
// with annotations that tell where each object comes from.
func (t *Tree) Kustomize(env string) (resmap.ResMap, error) {
	memory := filesys.MakeFsInMemory()
	for name, data := range t.files {
		if name == path.Join(Root(env), "kustomization.yaml") {
			data = slices.Concat(data, []byte("buildMetadata: [originAnnotations]\n"))
		}
		if err := memory.WriteFile("/tree/"+name, data); err != nil {
			return nil, err
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	resources, err := krusty.MakeKustomizer(options).Run(memory, "/tree/"+Root(env))
	if err != nil {
		return nil, fmt.Errorf("kustomize of %s: %w", Root(env), err)
	}
	return resources, nil
}

// Stream is the text of resources, without the annotations of their origin, which it removes.
func Stream(resources resmap.ResMap) ([]byte, error) {
	if err := resources.RemoveOriginAnnotations(); err != nil {
		return nil, err
	}
	return resources.AsYaml()
}
