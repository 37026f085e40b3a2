package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
)

const documented = "../testdata/setup"

// defects are those of the usual documented set-up, written by hand in nine documents, with the rule that finds each and the text of the
// line that it must stand at.
var defects = []struct{ what, rule, line string }{
	{"the Role lacks Jobs, the default of the head's Nextflow", "FG101", "rules:"},
	{"the condition keys name another region than the provider", "FG203", `oidc.eks.eu-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud`},
	{"s3:CopyObject is no action", "FG201", `"s3:CopyObject",`},
	{"pods are privileged beside a device plugin", "FG301", "fusion {"},
	{"the token stands in the file", "FG501", "tower.accessToken = "},
	{"pods/exec is granted and never called", "FG102", "pods/exec"},
	{"watch is granted and never used", "FG102", "watch"},
	{"the subject has no namespace", "FG105", "name: imaging-runner"},
	{"nobody prepares the NVMe disks", "FG401", "name: imaging"},
	{"nothing is mounted at /tmp", "FG405", "pod = [["},
	{"the work directory is not in the configuration", "FG504", "k8s {"},
	{"the device plugin shares the node's network", "FG306", "hostNetwork: true"},
	{"its pull secret is made by nobody", "FG305", "name: our-registry"},
	{"it has no resources", "FG308", "name: fuse-plugin"},
	{"it does not tolerate the nodes' taint", "FG304", "name: fuse-plugin"},
	{"its image is a tag", "FG307", "k8s-fuse-plugin:1.0"},
	{"two devices are asked of it", "FG508", "fuseDevicePlugin = "},
	// What else is true of such a set-up.
	{"one account for head and tasks", "FG113", "serviceAccount = 'imaging-runner'"},
	{"Karpenter does not know the device", "FG701", "name: imaging"},
	{"Karpenter moves running tasks", "FG707", "name: imaging"},
}

// TestDocumented: the set-up gives each of its defects at its line and nothing else, as nine files and as one Markdown page.
func TestDocumented(t *testing.T) {
	for name, tree := range map[string]fstest.MapFS{
		"tree": contents(t, os.DirFS(documented+"/tree")),
		"page": {"page.md": contents(t, os.DirFS(documented))["page.md"]},
	} {
		t.Run(name, func(t *testing.T) {
			found := run(t, tree)
			for _, d := range defects {
				i := slices.IndexFunc(found, func(f lint.Finding) bool {
					line, _ := f.Line()
					return f.Rule == d.rule && strings.Contains(line, d.line)
				})
				if i < 0 {
					t.Errorf("%s: no %s at a line with %q", d.what, d.rule, d.line)
					continue
				}
				found = slices.Delete(found, i, i+1)
			}
			if len(found) > 0 {
				t.Errorf("these are not meant:\n%s", text(found))
			}
		})
	}
}

// edits are what a person does after --fix --unsafe, and why.
var edits = []struct{ why, file, old, new string }{
	{"the bucket is ours to name", "nextflow.config", "process.executor = 'k8s'\n", "process.executor = 'k8s'\nworkDir = 's3://acme-imaging/work'\n"},
	{"the profile becomes the rule", "nextflow.config", "    enabled = true\n", "    enabled = true\n    privileged = false\n"},
	{"the cache goes to the prepared disks", "nextflow.config", "    pod = [[toleration:", "    computeResourceType = 'Job'\n    pod = [[emptyDir: [:], mountPath: '/tmp'], [toleration:"},
	{"one account stays, and we say so", "nextflow.config", "    serviceAccount =", "    // fusiongen:ignore FG113 one account until every pipeline is reviewed\n    serviceAccount ="},
	{"the token comes from a Secret", "head.yaml", "          args:", "          env:\n            - {name: TOWER_ACCESS_TOKEN, valueFrom: {secretKeyRef: {name: platform, key: token, optional: false}}}\n          args:"},
	{"the plugin runs wherever tasks do, with its share", "device-plugin.yaml", "    spec:\n", "    spec:\n      priorityClassName: system-node-critical\n      tolerations: [{operator: Exists}]\n"},
	{"the image is public", "device-plugin.yaml", "      imagePullSecrets:\n        - name: our-registry\n", ""},
	{"the image is pinned", "device-plugin.yaml", "k8s-fuse-plugin:1.0", "k8s-fuse-plugin:1.0@sha256:" + strings.Repeat("ab", 32)},
	{"its share of the node", "device-plugin.yaml", "          securityContext:\n", "          resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}\n          securityContext:\n"},
	{"the disks become the node's storage", "nodes.yaml", "  amiSelectorTerms:\n", "  instanceStorePolicy: RAID0\n  amiSelectorTerms:\n"},
	{"only empty nodes go", "nodes.yaml", "spec:\n  template:\n", "spec:\n  disruption: {consolidationPolicy: WhenEmpty, consolidateAfter: 5m}\n  template:\n"},
	{"Karpenter learns of the device", "nodes.yaml", "apiVersion: karpenter.sh/v1\n", "apiVersion: karpenter.sh/v1alpha1\nkind: NodeOverlay\nmetadata:\n  name: fuse\nspec:\n  capacity:\n    nextflow.io/fuse: \"100\"\n---\napiVersion: karpenter.sh/v1\n"},
}

// TestDocumentedMended: --fix --unsafe and these edits leave nothing to say.
func TestDocumentedMended(t *testing.T) {
	tree := contents(t, os.DirFS(documented+"/tree"))
	apply(t, tree)
	for _, e := range edits {
		src := string(tree[e.file].Data)
		if strings.Count(src, e.old) == 0 {
			t.Fatalf("%s: %s has no %q", e.why, e.file, e.old)
		}
		tree[e.file] = &fstest.MapFile{Data: []byte(strings.Replace(src, e.old, e.new, 1))}
	}
	in, rs, s := input(t, tree)
	found, err := lint.Run(in, rs, s.Options(today))
	if err != nil || len(rs) != len(rules.All()) {
		t.Fatal(err, len(rs))
	}
	if len(found) > 0 {
		t.Errorf("left are:\n%s", text(found))
	}
}
