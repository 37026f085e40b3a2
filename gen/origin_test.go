package gen_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// TestOrigins: the sum file names for each value of an object the spec field that it came from, and every such field
// is one that the schema has.
func TestOrigins(t *testing.T) {
	examples, _ := filepath.Glob("../examples/*.cue")
	for _, path := range examples {
		_, tree := build(t, filepath.Base(path), example(t, filepath.Base(path)))
		sum := sumOf(t, tree)
		if len(sum.Files) != len(tree.Files())-1 || sum.Spec != "../"+filepath.Base(path) {
			t.Errorf("%s: %d hashes for %d files, spec %q", path, len(sum.Files), len(tree.Files()), sum.Spec)
		}
		for file, origins := range sum.Origins {
			for leaf, field := range origins {
				if !isField(reflect.TypeFor[schema.Workspace](), strings.Split(field, ".")) {
					t.Errorf("%s: %s: %s comes from %q, which is no field", path, file, leaf, field)
				}
			}
		}
	}
	_, tree := build(t, "minimal.cue", example(t, "minimal.cue"))
	origins := sumOf(t, tree).Origins
	for _, want := range [][3]string{
		{"base/rbac/role.yaml", "metadata.name", "identity.head.serviceAccount"},
		{"base/rbac/role.yaml", "rules.0.verbs.0", "nextflow"},
		{"base/service-account/service-account-task.yaml", "metadata.annotations.eks.amazonaws.com/role-arn", "identity.task.role"},
		{"base/service-account/namespace.yaml", "metadata.labels.pod-security.kubernetes.io/enforce", "podSecurity"},
		{"base/device-plugin/daemon-set.yaml", "spec.template.spec.containers.0.args.0", "fuse"},
	} {
		if got := origins[want[0]][want[1]]; got != want[2] {
			t.Errorf("%s %s comes from %q, want %q", want[0], want[1], got, want[2])
		}
	}
}

func sumOf(t *testing.T, tree *gen.Tree) *gen.Sum {
	t.Helper()
	for _, f := range tree.Files() {
		if f.Path == gen.SumFile {
			sum, err := gen.ParseSum(f.Data)
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
	}
	t.Fatal("no sum file")
	return nil
}

// isField says whether a path of JSON names leads to a field.
func isField(typ reflect.Type, path []string) bool {
	if len(path) == 0 {
		return true
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return false
	}
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == path[0] {
			return isField(typ.Field(i).Type, path[1:])
		}
	}
	return false
}
