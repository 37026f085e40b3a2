package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
)

// TestPlain: a root that only lists is read without kustomize, and the objects and their places are those that kustomize gives.
func TestPlain(t *testing.T) {
	files := map[string]string{
		"base/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [sa.yaml, role.yaml]\n",
		"base/sa.yaml":            saBase + "---\n" + strings.Replace(saBase, "nextflow-head", "nextflow-task", 1), "base/role.yaml": roleBase,
		"binding.yaml":       "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: nextflow-head}\nroleRef: {kind: Role, name: nextflow-head}\n",
		"kustomization.yaml": "resources:\n  - base\n  - binding.yaml\n",
	}
	plain := dump(t, files)
	files["kustomization.yaml"] += "labels: []\n" // kustomize must be asked
	if rendered := dump(t, files); plain != rendered {
		t.Errorf("read alone:\n%s\nby kustomize:\n%s", plain, rendered)
	}
	if strings.Count(plain, "\nkind:") != 4 {
		t.Errorf("not all is there:\n%s", plain)
	}
}

// dump shows all objects with the places of their values.
func dump(t *testing.T, files map[string]string) string {
	t.Helper()
	set := setup(t, files)
	var out []string
	for _, o := range set.Objects {
		var lines strings.Builder
		fmt.Fprintf(&lines, "%s root %s origin %v\n", o.ID(), o.Root, o.Origin.File.Name)
		o.Walk(func(path string, n *lint.Node) {
			fmt.Fprintf(&lines, "%s: %d %q %s-%d\n", path, n.Kind, n.Value, n.File.Pos(n.Start), n.End)
		})
		out = append(out, lines.String())
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestDeprecatedFields: kustomize renders them, and has nothing to say of them on standard error.
func TestDeprecatedFields(t *testing.T) {
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = said
	defer func() { os.Stderr = old }()
	set := setup(t, map[string]string{
		"base/kustomization.yaml": "resources: [sa.yaml]\ncommonLabels: {team: genomics}\n", "base/sa.yaml": saBase, "base2/kustomization.yaml": "resources: [role.yaml]\n", "base2/role.yaml": roleBase,
		"patches/sa.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nextflow-head, labels: {patched: file}}\n",
		"kustomization.yaml": "bases: [base, base2]\npatchesStrategicMerge:\n  - patches/sa.yaml\n  - |-\n    apiVersion: rbac.authorization.k8s.io/v1\n    kind: Role\n    metadata: {name: nextflow-head, labels: {patched: inline}}\n" +
			"patchesJson6902:\n  - target: {kind: Role, name: nextflow-head}\n    patch: |-\n      - {op: add, path: /metadata/namespace, value: flows}\nvars:\n  - {name: A, objref: {kind: Role, name: nextflow-head}}\n",
	})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems[0].Message)
	}
	account, role := set.Kind("ServiceAccount")[0], set.Kind("Role")[0]
	if got := []string{account.Get("metadata", "labels", "team").Text(), account.Get("metadata", "labels", "patched").Text(), role.Get("metadata", "labels", "patched").Text(), role.Namespace}; !slices.Equal(got, []string{"genomics", "file", "inline", "flows"}) {
		t.Errorf("rendered %q", got)
	}
	if text, err := os.ReadFile(said.Name()); err != nil || len(text) > 0 {
		t.Errorf("standard error: %q %v", text, err)
	}
}
