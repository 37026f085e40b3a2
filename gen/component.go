package gen

import (
	"io/fs"

	"github.com/fusiongen/fusiongen/overlays"
)

// component is an embedded component's files by path.
func component(name string) map[string][]byte {
	out := map[string][]byte{}
	dir, err := overlays.Component(name)
	if err != nil {
		return out
	}
	fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		out[path] = data
		return err
	})
	return out
}
