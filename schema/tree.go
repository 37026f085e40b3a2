package schema

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tree is a spec as data (map[string]any, []any, string, bool, numbers, nil) with the place of every key and value.
type tree struct {
	file   string
	data   map[string]any
	keys   map[string]Pos // field path → its key
	values map[string]Pos // field path → its value

	// baseKeys and baseValues leave the environments out: each environment begins with a copy of them.
	baseKeys, baseValues map[string]Pos
}

// split prepares for environment.
func (t *tree) split() {
	t.baseKeys, t.baseValues = map[string]Pos{}, map[string]Pos{}
	for _, m := range []struct{ from, to map[string]Pos }{{t.keys, t.baseKeys}, {t.values, t.baseValues}} {
		for path, pos := range m.from {
			if !strings.HasPrefix(path, "environments.") {
				m.to[path] = pos
			}
		}
	}
}

// join appends a key to a field path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// at is the place of the value at path, else of its nearest ancestor.
func (t *tree) at(path string) Pos {
	return Source{File: t.file, Positions: t.values}.Pos(path)
}

// keyAt is the place of the key at path, else where its value or nearest ancestor is.
func (t *tree) keyAt(path string) Pos {
	if p, ok := t.keys[path]; ok {
		return p
	}
	return t.at(path)
}

// environment is the tree with the merge patch "environments.NAME" applied (RFC 7396). Places of values that the patch
// sets are those in the patch, so that an error names the line that the value came from.
func (t *tree) environment(name string) *tree {
	base := maps.Clone(t.data)
	delete(base, "environments")
	patch := t.data["environments"].(map[string]any)[name].(map[string]any)
	out := &tree{file: t.file, keys: maps.Clone(t.baseKeys), values: maps.Clone(t.baseValues)}
	prefix := join("environments", name)
	out.values[""] = t.at(prefix)
	out.data = out.merge(t, base, patch, "", prefix)
	return out
}

func (t *tree) merge(from *tree, base, patch map[string]any, path, patchPath string) map[string]any {
	merged := maps.Clone(base)
	if merged == nil {
		merged = map[string]any{}
	}
	for _, key := range slices.Sorted(maps.Keys(patch)) {
		at, patchAt := join(path, key), join(patchPath, key)
		if patch[key] == nil {
			delete(merged, key)
			continue
		}
		t.replace(from, at, patchAt, patch[key])
		sub, isMap := patch[key].(map[string]any)
		if !isMap {
			merged[key] = patch[key]
			continue
		}
		old, _ := merged[key].(map[string]any)
		merged[key] = t.merge(from, old, sub, at, patchAt)
	}
	return merged
}

// replace makes path, and a list's elements below it, point to the patch.
func (t *tree) replace(from *tree, path, patchPath string, value any) {
	t.values[path], t.keys[path] = from.at(patchPath), from.keyAt(patchPath)
	if list, ok := value.([]any); ok {
		for i, element := range list {
			t.replace(from, join(path, strconv.Itoa(i)), join(patchPath, strconv.Itoa(i)), element)
		}
	}
}
