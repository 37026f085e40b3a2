package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
)

const saBase = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: nextflow-head
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/base
`

const roleBase = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: nextflow-head
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list]
  - apiGroups: [batch]
    resources: [jobs]
    verbs:
      - create
`

// TestPlaces: a rendered value stands where a person would edit it: in its origin at the same field path, in the last patch that
// wrote it, or else in the kustomization that made it.
func TestPlaces(t *testing.T) {
	role := func(rest string) map[string]string {
		return map[string]string{"base/kustomization.yaml": "resources: [role.yaml, sa.yaml]\n", "base/role.yaml": roleBase, "base/sa.yaml": saBase,
			"kustomization.yaml": "resources:\n  - base\n" + rest}
	}
	tests := []struct {
		name  string
		files map[string]string
		kind  string
		path  []string
		want  string // VALUE@FILE:LINE:COLUMN
	}{
		{"origin", role(""), "Role", []string{"rules", "1", "verbs", "0"}, "create@base/role.yaml:12:9"},
		{"origin, flow list", role(""), "Role", []string{"rules", "0", "verbs", "1"}, "list@base/role.yaml:8:18"},
		{"name with a prefix", role("namePrefix: demo-\n"), "Role", []string{"metadata", "name"}, "demo-nextflow-head@base/role.yaml:4:9"},
		{"namespace of the kustomization", role("namespace: demo\n"), "Role", []string{"metadata", "namespace"}, "demo@kustomization.yaml:3:12"},
		{"label of the kustomization", role("labels:\n  - pairs: {team: genomics}\n"), "Role", []string{"metadata", "labels", "team"}, "genomics@kustomization.yaml:4:19"},
		{"name beside a namespace of the kustomization", role("namespace: demo\n"), "Role", []string{"metadata", "name"}, "nextflow-head@base/role.yaml:4:9"},
		{"strategic patch in a file", func() map[string]string {
			m := role("patches:\n  - path: patch.yaml\n")
			m["patch.yaml"] = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: nextflow-head\n  annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/patched\n"
			return m
		}(), "ServiceAccount", []string{"metadata", "annotations", "eks.amazonaws.com/role-arn"}, "arn:aws:iam::123456789012:role/patched@patch.yaml:6:33"},
		{"JSON patch inline", role("patches:\n  - target: {kind: ServiceAccount}\n    patch: |-\n      - op: replace\n        path: /metadata/annotations/eks.amazonaws.com~1role-arn\n        value: arn:aws:iam::123456789012:role/inline\n"),
			"ServiceAccount", []string{"metadata", "annotations", "eks.amazonaws.com/role-arn"}, "arn:aws:iam::123456789012:role/inline@kustomization.yaml:8:16"},
		{"a patch that does not touch it", role("patches:\n  - target: {kind: ServiceAccount}\n    patch: |-\n      - op: add\n        path: /metadata/labels\n        value: {a: b}\n"),
			"Role", []string{"rules", "1", "verbs", "0"}, "create@base/role.yaml:12:9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := setup(t, test.files)
			if len(set.Problems) > 0 {
				t.Fatal(set.Problems[0].Message)
			}
			objects := set.Kind(test.kind)
			if len(objects) != 1 {
				t.Fatalf("%d objects of kind %s", len(objects), test.kind)
			}
			n := follow(objects[0].Node, test.path)
			if n == nil {
				t.Fatal("the value is not there")
			}
			if got := fmt.Sprintf("%s@%s", n.Value, n.File.Pos(n.Start)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func follow(n *lint.Node, path []string) *lint.Node {
	for _, key := range path {
		var i int
		if items := n.List(); len(items) > 0 {
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(items) {
				return nil
			}
			n = items[i]
		} else {
			n = n.Get(key)
		}
	}
	return n
}

// TestRoots: components, replacements and several roots are rendered as kustomize does; what is fetched makes the set-up partial.
func TestRoots(t *testing.T) {
	t.Run("component", func(t *testing.T) {
		set := setup(t, map[string]string{
			"kustomization.yaml": "resources: [sa.yaml]\ncomponents: [component]\n", "sa.yaml": saBase,
			"component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [role.yaml]\n", "component/role.yaml": roleBase,
		})
		if len(set.Objects) != 2 || set.Partial {
			t.Errorf("%d objects, partial %v", len(set.Objects), set.Partial)
		}
	})
	t.Run("replacement", func(t *testing.T) {
		set := setup(t, map[string]string{
			"sa.yaml": saBase, "role.yaml": roleBase,
			"kustomization.yaml": "resources: [sa.yaml, role.yaml]\nreplacements:\n  - source: {kind: ServiceAccount, fieldPath: metadata.name}\n    targets:\n      - select: {kind: Role}\n        fieldPaths: [metadata.labels.account]\n        options: {create: true}\n",
		})
		if got := set.Kind("Role")[0].Get("metadata", "labels", "account").Text(); got != "nextflow-head" {
			t.Errorf("the replacement gave %q", got)
		}
	})
	t.Run("two environments", func(t *testing.T) {
		set := setup(t, map[string]string{
			"base/kustomization.yaml": "resources: [sa.yaml]\n", "base/sa.yaml": saBase,
			"overlays/dev/kustomization.yaml": "namespace: dev\nresources: [../../base]\n", "overlays/prod/kustomization.yaml": "namespace: prod\nresources: [../../base]\n",
		})
		var got []string
		for _, o := range set.Objects {
			got = append(got, o.ID()+" of "+o.Root)
		}
		if fmt.Sprint(got) != "[ServiceAccount dev/nextflow-head of overlays/dev ServiceAccount prod/nextflow-head of overlays/prod]" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("remote", func(t *testing.T) {
		set := setup(t, map[string]string{"kustomization.yaml": "resources:\n  - sa.yaml\n  - https://example.org/nextflow.yaml\n", "sa.yaml": saBase})
		if !set.Partial || len(set.Objects) != 1 || len(set.Problems) > 0 {
			t.Errorf("partial %v, %d objects, problems %v", set.Partial, len(set.Objects), set.Problems)
		}
	})
	t.Run("itself", func(t *testing.T) {
		set := setup(t, map[string]string{"a/kustomization.yaml": "resources: [../b, sa.yaml]\n", "a/sa.yaml": saBase, "b/kustomization.yaml": "resources: [../a]\n"})
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, "includes itself") || len(set.Objects) != 1 {
			t.Errorf("problems %v, %d objects", set.Problems, len(set.Objects))
		}
	})
	t.Run("missing file", func(t *testing.T) {
		set := setup(t, map[string]string{"kustomization.yaml": "resources: [sa.yaml, role.yaml]\n", "sa.yaml": saBase})
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, "role.yaml") || strings.Contains(set.Problems[0].Message, "//") {
			t.Errorf("problems %v", set.Problems)
		}
	})
	t.Run("unrelated", func(t *testing.T) {
		set := setup(t, map[string]string{
			"web/kustomization.yaml": "resources: [sa.yaml]\n", "web/sa.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
			"flow/kustomization.yaml": "resources: [sa.yaml]\n", "flow/sa.yaml": saBase,
		})
		if len(set.Objects) != 1 || set.Objects[0].Name != "nextflow-head" {
			t.Errorf("%d objects", len(set.Objects))
		}
	})
}
