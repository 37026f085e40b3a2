package apiserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/schematest"
	"github.com/fusiongen/fusiongen/test/cluster"
)

// testPipes: the two pipes of the README, and the kubectl plugin, typed into a shell with the real programs.
func testPipes(t *testing.T, ctx context.Context, c *cluster.Cluster, root string) {
	bin := t.TempDir()
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(bin, "fusiongen"), "./cmd/fusiongen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kubectl, err := exec.CommandContext(ctx, filepath.Join(root, "test", "tool"), "kubectl").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"kubectl": strings.TrimSpace(string(kubectl)), "kubectl-fusiongen": filepath.Join(bin, "fusiongen")} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ script, want string }{
		{`fusiongen build -o deploy "$SPEC" | xargs kubectl apply -k`, "namespace/fusion-demo"},
		{`fusiongen build "$SPEC" | kubectl apply -f -`, "role.rbac.authorization.k8s.io/fusion-demo-head unchanged"},
		{`kubectl apply -k "$(fusiongen build -o deploy "$SPEC")"`, "unchanged"},
		{`kubectl fusiongen apply --context test "$SPEC" -- --dry-run=server`, "(server dry run)"},
		{`kubectl fusiongen apply "$SPEC" 2>&1 || echo "code $?"`, "code 1"},
		{`fusiongen build wrong.cue 2>/dev/null | kubectl apply -f - 2>&1 || echo refused`, "refused"},
		{`fusiongen build -o deploy wrong.cue 2>/dev/null | xargs kubectl apply -k 2>&1 || echo refused`, "refused"},
		{`kubectl create -f deploy/head/job.yaml`, "created"},
	} {
		cmd := exec.CommandContext(ctx, "bash", "-c", test.script)
		cmd.Dir = bin
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "KUBECONFIG="+c.Kubeconfig, "SPEC="+filepath.Join(root, "examples", "minimal.cue"))
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s\n%v: %s\nwant %q in it", test.script, err, out, test.want)
		}
	}
}

// testRandomSpecs: the server takes what a sample of random specs makes, as a dry run where the namespace is there.
func testRandomSpecs(t *testing.T, ctx context.Context, c *cluster.Cluster) {
	specs := schematest.Spec()
	for seed := range 12 {
		src := specs.Example(seed + 1)
		ws, err := schema.Load("random.json", src)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		tree, err := gen.Build(ws, gen.Options{Version: "0.0.0-test"})
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		env := ""
		if len(ws.Environments) > 0 {
			env = ws.Environments[0].Name
		}
		stream, err := tree.Render(env)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		if _, stderr, err := c.Kubectl(ctx, string(stream), "apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-"); err != nil || stderr != "" {
			t.Errorf("%v %s\n%s", err, stderr, src)
		}
		if _, _, err := c.Kubectl(ctx, "", "delete", "nodepools.karpenter.sh", "--all"); err != nil {
			t.Error(err)
		}
	}
}
