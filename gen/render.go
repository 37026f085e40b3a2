package gen

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Render is the stream that `kubectl kustomize` prints of an environment's directory ("" for a spec without
// environments): kubectl forces the legacy order, so it is set here too.
func (t *Tree) Render(env string) ([]byte, error) {
	memory := filesys.MakeFsInMemory()
	for path, data := range t.files {
		if err := memory.WriteFile("/tree/"+path, data); err != nil {
			return nil, err
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	resources, err := krusty.MakeKustomizer(options).Run(memory, "/tree/"+Root(env))
	if err != nil {
		return nil, fmt.Errorf("kustomize of %s: %w", Root(env), err)
	}
	return resources.AsYaml()
}
