// Package schematest makes random valid specs for property tests.
package schematest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Spec draws a valid spec as JSON, which is CUE and YAML too. Its fields are in a random order.
func Spec() *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte { return Shuffle(t, Data(t)) })
}

// Data draws a valid spec as plain data.
func Data(t *rapid.T) map[string]any {
	minor := pick(t, "minor", "30", "33", "34", "35", "36", "37")
	region := pick(t, "region", "eu-west-1", "us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1")
	cluster := map[string]any{"name": pick(t, "cluster", "research", "prod_1"), "account": digits(t), "region": region, "version": "1." + minor}
	spec := map[string]any{"name": label(t, "name"), "cluster": cluster}
	storage := map[string]any{"work": place(t, "work")}
	optional(t, storage, "inputs", func() any { return []any{place(t, "input"), place(t, "input")} })
	optional(t, storage, "publish", func() any { return []any{place(t, "publish") + "-out"} })
	spec["storage"] = storage
	if rapid.Bool().Draw(t, "irsa") {
		cluster["oidc"] = strings.ToUpper(rapid.StringMatching(`[0-9A-F]{32}`).Draw(t, "oidc"))
	} else {
		spec["identity"] = map[string]any{"provider": "pod-identity"}
	}
	seqera := rapid.Bool().Draw(t, "seqera")
	runtime := map[string]any{"mode": "open", "privileged": rapid.Bool().Draw(t, "privileged")}
	inject := []string{"auto", "csi", "host", "baked"}
	if minor >= "36" {
		inject = append(inject, "policy", "init")
	}
	runtime["inject"] = pick(t, "inject", inject...)
	if seqera {
		runtime["mode"], runtime["inject"] = "seqera", "wave"
	}
	optional(t, runtime, "cacheSize", func() any { return pick(t, "cacheSize", "10Gi", "500M", "1Ti") })
	spec["runtime"] = runtime
	spec["nextflow"] = map[string]any{"compute": pick(t, "compute", "Job", "Pod"), "version": pick(t, "version", "24.10.0", "26.04.6")}
	nodes := map[string]any{"arch": pick(t, "arch", "amd64", "arm64"), "manage": rapid.Bool().Draw(t, "manage")}
	scratch := map[string]any{}
	switch pick(t, "scratch", "none", "nodeadm", "karpenter", "bottlerocket", "auto", "daemonset") {
	case "nodeadm":
		scratch["provider"], scratch["volume"] = "nodeadm", pick(t, "volume", "emptyDir", "csi", "hostPath")
	case "karpenter":
		scratch["provider"], nodes["autoscaler"] = "karpenter", "karpenter"
		nodes["os"] = pick(t, "os", "al2023", "bottlerocket")
	case "bottlerocket":
		scratch["provider"], nodes["os"] = "bottlerocket", "bottlerocket"
	case "auto":
		scratch["provider"], nodes["os"] = "auto", "auto"
	case "daemonset":
		scratch["provider"], scratch["volume"], nodes["os"] = "daemonset", "hostPath", pick(t, "os", "al2023", "ubuntu")
	}
	optional(t, scratch, "size", func() any { return pick(t, "size", "10Gi", "1Ti") })
	optional(t, nodes, "selector", func() any { return map[string]any{"example.com/pool": hostile(t)} })
	optional(t, nodes, "tolerations", func() any { return []any{map[string]any{"key": "fusion", "operator": "Exists"}} })
	spec["scratch"], spec["nodes"] = scratch, nodes
	if seqera && rapid.Bool().Draw(t, "platform") {
		spec["consumer"], spec["platform"] = "platform", platform(t)
	}
	optional(t, spec, "fuse", func() any {
		return map[string]any{"provider": pick(t, "fuse", "bundled", "nextflow", "existing"), "resource": pick(t, "resource", "nextflow.io/fuse", "example.com/fuse"), "count": rapid.IntRange(1, 10000).Draw(t, "count")}
	})
	optional(t, spec, "components", func() any {
		return []any{pick(t, "component", "network-policy", "kueue", "argocd", "flux", "privileged")}
	})
	if rapid.Bool().Draw(t, "environments") {
		nodes["manage"] = false
		spec["environments"] = map[string]any{
			"dev":  map[string]any{"nodes": map[string]any{"manage": true}},
			"prod": map[string]any{"name": spec["name"].(string) + "-prod", "storage": map[string]any{"work": place(t, "work")}},
		}
	}
	return spec
}

func platform(t *rapid.T) map[string]any {
	out := map[string]any{"workspace": "acme/genomics", "credentials": hostileName(t), "principal": "arn:aws:iam::123456789012:" + pick(t, "principal", "role/team/launcher", "user/launcher"),
		"access": pick(t, "access", "entry", "aws-auth"), "podCleanup": pick(t, "podCleanup", "on_success", "always", "never"), "forms": []any{"terraform", "api"}}
	optional(t, out, "preRunScript", func() any { return hostile(t) })
	optional(t, out, "labels", func() any { return map[string]any{"team": pick(t, "label", "a1", "b-c_d")} })
	optional(t, out, "environment", func() any { return []any{map[string]any{"name": "NXF_OPTS", "value": hostile(t)}} })
	return out
}

// hostileName draws a name that a printer may get wrong, and that is no blank.
func hostileName(t *rapid.T) string {
	return "eks " + pick(t, "name", `it's`, `"q"`, `${x}`, "größe: #1")
}

// Shuffle writes data as JSON with the fields of every object in a random order.
func Shuffle(t *rapid.T, data any) []byte {
	switch v := data.(type) {
	case map[string]any:
		keys := rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order")
		parts := make([]string, len(keys))
		for i, k := range keys {
			name, _ := json.Marshal(k) // a string
			parts[i] = string(name) + ": " + string(Shuffle(t, v[k]))
		}
		return []byte("{" + strings.Join(parts, ", ") + "}")
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = string(Shuffle(t, x))
		}
		return []byte("[" + strings.Join(parts, ", ") + "]")
	}
	text, _ := json.Marshal(data) // scalars only
	return text
}

func pick(t *rapid.T, what string, values ...string) string {
	return rapid.SampledFrom(values).Draw(t, what)
}

func optional(t *rapid.T, into map[string]any, key string, value func() any) {
	if rapid.Bool().Draw(t, "has "+key) {
		into[key] = value()
	}
}

func label(t *rapid.T, what string) string {
	return rapid.StringMatching(`[a-z]([a-z0-9-]{0,20}[a-z0-9])?`).Draw(t, what)
}

func digits(t *rapid.T) string { return "1" + rapid.StringMatching(`[0-9]{11}`).Draw(t, "account") }

func place(t *rapid.T, what string) string {
	return "s3://" + rapid.StringMatching(`[a-z][a-z0-9]{3,12}(-[a-z0-9]{1,5})?`).Draw(t, what) + pick(t, what, "", "/a", "/a/b", "/x=1/é")
}

// hostile draws text that a printer may get wrong.
func hostile(t *rapid.T) string {
	return pick(t, "hostile", `it's`, `"q"`, `${x}`, `$y`, `a\b`, "line\nbreak", "tab\t", "größe", "日本", `\u0041`, "")
}
