// Package overlays holds kustomize components. A spec selects some of them (field components); all can be used by hand
// on a generated tree. The header of each kustomization.yaml lists the objects that it changes or adds.
package overlays

import (
	"embed"
	"io/fs"
)

//go:embed components
var components embed.FS

// Component is the folder of one component: kustomization.yaml and what it refers to.
func Component(name string) (fs.FS, error) { return fs.Sub(components, "components/"+name) }

// Names lists the components.
func Names() []string {
	entries, _ := fs.ReadDir(components, "components") // embedded
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
