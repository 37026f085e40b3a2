package task

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

// plan turns what the script says into what the server needs to know. dir is the task's directory; with all, files
// that are not declared are uploaded, too.
func (s Script) plan(root string, dir control.Key, all bool) control.Task {
	t := control.Task{Bucket: dir.Bucket, Dir: dir.Name, Declared: s.Declared && !all, Outputs: s.Outputs}
	for _, in := range s.Inputs {
		source := in.Source
		if !path.IsAbs(source) {
			source = path.Join(root, "s3", dir.Bucket, dir.Name, source)
		}
		if key, ok := keyOf(root, source); ok && key.Name != "" {
			t.Prefetch = append(t.Prefetch, key)
		}
	}
	return t
}

// keyOf returns the key of a path ROOT/s3/BUCKET/NAME.
func keyOf(root, file string) (control.Key, bool) {
	rest, ok := strings.CutPrefix(path.Clean(file), strings.TrimSuffix(root, "/")+"/s3/")
	if !ok {
		return control.Key{}, false
	}
	bucket, name, _ := strings.Cut(rest, "/")
	return control.Key{Bucket: bucket, Name: name}, bucket != ""
}
