package gen

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Render is the stream that `kubectl kustomize` prints of an environment's directory ("" for a spec without
// environments). Where kustomize would only hand the objects on, it is not asked: that costs more than making them.
func (t *Tree) Render(env string) ([]byte, error) {
	if u, ok := t.applied[env]; ok && !u.components {
		return u.stream()
	}
	return t.kustomize(Root(env))
}

// kustomize builds a directory of the tree: kubectl forces the legacy order, so it is set here too.
func (t *Tree) kustomize(dir string) ([]byte, error) {
	memory := filesys.MakeFsInMemory()
	for path, data := range t.files {
		if err := memory.WriteFile("/tree/"+path, data); err != nil {
			return nil, err
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	resources, err := krusty.MakeKustomizer(options).Run(memory, "/tree/"+dir)
	if err != nil {
		return nil, fmt.Errorf("kustomize of %s: %w", dir, err)
	}
	return resources.AsYaml()
}
