package gen

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// baseOrder is the order of the bases in a kustomization; legacy order comes from the renderer.
var baseOrder = [...]string{"service-account", "rbac", "platform", "nextflow", "system", "device-plugin", "nvme", "node-volumes", "host-runtime", "admission"}

// kinds is kustomize's legacy order, as far as we have the kinds
// (kustomize api/internal/builtins/SortOrderTransformer.go).
var kinds = [...]string{"Namespace", "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap"}

// legacyOrder sorts a base's files as kustomize's legacy order sorts their objects.
func legacyOrder(files map[string]object) []string {
	rank := func(kind string) int {
		if i := slices.Index(kinds[:], kind); i >= 0 {
			return i
		}
		return len(kinds)
	}
	return slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		x, y := files[a], files[b]
		return cmp.Or(cmp.Compare(rank(x.kind), rank(y.kind)), cmp.Compare(x.kind, y.kind), cmp.Compare(a, b))
	})
}

// kustomization is a kustomization.yaml; sortOptions and deprecated fields are left out on purpose, because renderers
// differ in them.
type kustomization struct {
	Resources  []string
	Components []string
}

func (k kustomization) bytes() []byte {
	var out strings.Builder
	out.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n")
	list := func(key string, entries []string) {
		if len(entries) == 0 {
			return
		}
		out.WriteString(key + ":\n")
		for _, e := range entries {
			out.WriteString("  - " + e + "\n")
		}
	}
	list("resources", k.Resources)
	list("components", k.Components)
	return []byte(out.String())
}
