// Package gen turns a workspace into a tree of files: kustomize bases, IAM documents and nextflow.config.
//
// CUE templates (templates/) say what an object is; Go says where it goes and in which order. Build does no I/O.
package gen

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/schema"
)

// Tree is a generated tree, by slash path. It is read-only after Build.
type Tree struct {
	files   map[string][]byte
	origins map[string]map[string]string // file → field path of a leaf → field path of the spec
	applied map[string]unit              // environment → what its kustomization applies

	ws   *schema.Workspace // that it is built from
	opts Options
}

// File is one file of a tree.
type File struct {
	Path string
	Data []byte
}

// Files lists the tree, sorted by path.
func (t *Tree) Files() []File {
	var out []File
	for _, p := range slices.Sorted(maps.Keys(t.files)) {
		out = append(out, File{Path: p, Data: t.files[p]})
	}
	return out
}

// MapFS is the tree as files in memory, which is how the linter sees it. The map is the caller's.
func (t *Tree) MapFS() fstest.MapFS {
	m := fstest.MapFS{}
	for p, data := range t.files {
		m[p] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return m
}

// Open makes the tree an fs.FS.
func (t *Tree) Open(name string) (fs.File, error) { return t.MapFS().Open(name) }

// Root is the directory of the tree that kubectl apply -k is given for an environment; "" is the spec itself.
func Root(env string) string {
	if env == "" {
		return "."
	}
	return path.Join("overlays", env)
}

func (t *Tree) add(p string, data []byte) { t.files[p] = data }
