// Package apiserver asks a real kube-apiserver what it thinks of the trees that fusiongen makes.
package apiserver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/test/cluster"
)

// unit is one workspace that can be applied: an example, or one environment of it.
type unit struct {
	name      string
	dir       string // what kubectl apply -k is given
	tree      *gen.Tree
	env       string
	workspace *schema.Workspace
}

// TestServer starts one API server, with Karpenter's CRDs, for all the questions.
func TestServer(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute) // the first start builds the servers
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Dir: t.TempDir(), Root: root})
	defer c.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ApplyCRDs(ctx, root, "karpenter", "pkg/apis/crds"); err != nil {
		t.Fatal(err)
	}
	// EKS Auto Mode's NodeClass is published nowhere: a stand-in takes any fields.
	if _, _, err := c.Kubectl(ctx, "", "apply", "-f", "testdata/eks-node-class-crd.yaml"); err != nil {
		t.Fatal(err)
	}
	units := examples(t, root)
	t.Run("Pipes", func(t *testing.T) { testPipes(t, ctx, c, root) })
	t.Run("RandomSpecs", func(t *testing.T) { testRandomSpecs(t, ctx, c) })
	t.Run("NV44", func(t *testing.T) { testPreparer(t, ctx, c, units) })
	all := everyRight(t, c)
	t.Run("Published", func(t *testing.T) { testPublished(t, ctx, c, root, all) })
	for _, u := range units {
		t.Run(u.name, func(t *testing.T) {
			testKustomize(t, ctx, c, u)
			testApply(t, ctx, c, u)
			testGrants(t, ctx, c, u, all)
			testLauncher(t, ctx, c, u, all)
			testPodSecurity(t, ctx, c, u)
			// The next example is another cluster, whose node pools have the same names.
			if _, _, err := c.Kubectl(ctx, "", "delete", "nodepools.karpenter.sh", "--all"); err != nil {
				t.Error(err)
			}
		})
	}
}

// examples writes the tree of every example and lists its units.
func examples(t *testing.T, root string) []unit {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "examples", "*.cue"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var units []unit
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(path, src)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		tree, err := gen.Build(ws, gen.Options{Version: "0.0.0-test"})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".cue")
		dir := filepath.Join(t.TempDir(), name)
		if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(ws.Environments) == 0 {
			units = append(units, unit{name: name, dir: dir, tree: tree, workspace: ws})
		}
		for _, e := range ws.Environments {
			units = append(units, unit{name: name + "/" + e.Name, dir: filepath.Join(dir, "overlays", e.Name), tree: tree, env: e.Name, workspace: e.Workspace})
		}
	}
	return units
}

// testKustomize: what we render is byte for byte what kubectl kustomize prints of what we wrote.
func testKustomize(t *testing.T, ctx context.Context, c *cluster.Cluster, u unit) {
	ours, err := u.tree.Render(u.env)
	if err != nil {
		t.Fatal(err)
	}
	theirs, stderr, err := c.Kubectl(ctx, "", "kustomize", u.dir)
	if err != nil || stderr != "" {
		t.Fatalf("kubectl kustomize: %v %s", err, stderr)
	}
	if string(ours) != theirs {
		t.Errorf("rendered stream differs from kubectl kustomize:\n%s", firstDifference(string(ours), theirs))
	}
}

// testApply: the server takes every object, without a warning, by both pipes; afterwards nothing is left to change.
func testApply(t *testing.T, ctx context.Context, c *cluster.Cluster, u unit) {
	_, stderr, err := c.Kubectl(ctx, "", "apply", "--server-side", "--force-conflicts", "-k", u.dir)
	if err != nil {
		t.Fatal(err)
	}
	if stderr != "" {
		t.Errorf("server-side apply warns: %s", stderr)
	}
	stream, err := u.tree.Render(u.env)
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, err = c.Kubectl(ctx, string(stream), "apply", "--server-side", "--force-conflicts", "-f", "-"); err != nil || stderr != "" {
		t.Errorf("apply -f -: %v %s", err, stderr)
	}
	diff, _, err := c.Kubectl(ctx, "", "diff", "--server-side", "--force-conflicts", "-k", u.dir)
	if err != nil || diff != "" {
		t.Errorf("after apply, kubectl diff says: %v\n%s", err, diff)
	}
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return "line " + as[i] + "\nis   " + bs[i]
		}
	}
	return "one is the beginning of the other"
}
