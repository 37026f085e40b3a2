package lint

import (
	"path"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// present decides what kustomize gets to see of a kustomization: the root's origin annotations are switched on, and deprecated fields
// are written in today's form, because it complains of them on standard error. FG601 tells the user, at their place.
func (r *renderFS) present(k *Kustomization, top bool) error {
	var file types.Kustomization
	if err := file.Unmarshal(k.File.Src); err != nil {
		return nil // kustomize says what is wrong with it
	}
	if !top && len(*file.CheckDeprecatedFields()) == 0 {
		return nil
	}
	if top {
		file.BuildMetadata, file.SortOptions = []string{types.OriginAnnotations}, nil
	}
	file.FixKustomization()
	//lint:ignore SA1019 people's kustomizations have them still
	file.Vars = nil                                                      // $(NAME) stays, a value that is not known
	_ = file.FixKustomizationPreMarshalling(directory{r, r.path(k.Dir)}) // it fails on a label in both forms, which then stays in both
	out, err := yaml.Marshal(file)
	r.replace[r.path(k.File.Name)] = out
	return err
}

// directory is a file system whose relative names begin in a directory.
type directory struct {
	*renderFS
	dir string
}

func (d directory) ReadFile(name string) ([]byte, error) {
	return d.renderFS.ReadFile(path.Join(d.dir, name))
}
