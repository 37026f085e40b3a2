package e2e_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// A fault happens while two slow tasks run; the pipeline ends right, or fails with the cause named.
type fault struct {
	name   string
	happen func(ctx context.Context, ws *e2e.Workspace, run *e2e.Run) error
	resume bool // the head itself is gone: a second run goes on
}

var faults = []fault{
	{name: "device plugin killed", happen: deletePods("fuse-device-plugin")},
	{name: "node volumes killed", happen: deletePods("fusion-node")},
	{name: "kubelet killed", happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		return ws.World.Cluster.Restart(ctx, "kubelet", 3*time.Second)
	}},
	{name: "S3 away for 30 s", happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		ws.World.Store.Stop()
		time.Sleep(30 * time.Second)
		return ws.World.Store.Start(ctx)
	}},
	{name: "task pod killed", happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "pods", "-o", "name")
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(out, "\n")
		_, _, err = ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", first, "--grace-period=0", "--force")
		return err
	}},
	{name: "head killed", resume: true, happen: func(ctx context.Context, ws *e2e.Workspace, run *e2e.Run) error {
		run.Kill()
		return nil
	}},
}

func deletePods(daemon string) func(context.Context, *e2e.Workspace, *e2e.Run) error {
	return func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		_, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", "fusiongen-system", "delete", "pods", "-l", "app.kubernetes.io/name="+daemon, "--grace-period=0", "--force")
		return err
	}
}

func testFaults(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) {
	ws := open(t, ctx, w, c)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			out := "s3://results-" + ws.Name + "/" + strings.ReplaceAll(f.name, " ", "-")
			run, err := ws.Start(ctx, "slow", "--out", out)
			if err != nil {
				t.Fatal(err)
			}
			if err := running(ctx, ws); err != nil {
				t.Fatal(err, run.Wait().Explain(ctx))
			}
			if err := f.happen(ctx, ws, run); err != nil {
				t.Error(err)
			}
			run.Wait()
			if f.resume {
				if run, err = ws.Nextflow(ctx, "slow", "--out", out, "-resume"); err != nil {
					t.Fatal(err)
				}
			}
			if run.Code != 0 {
				t.Fatal(run.Explain(ctx))
			}
			for _, n := range []string{"1", "2"} {
				key := strings.TrimPrefix(out, "s3://results-"+ws.Name+"/") + "/slow-" + n + ".txt"
				got, err := w.Store.Get(ctx, "results-"+ws.Name, key)
				if err != nil || len(strings.Fields(string(got))) != 40 {
					t.Errorf("%s: %q, %v", key, got, err)
				}
			}
			w.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all")
		})
	}
}

// running waits until a task's container runs.
func running(ctx context.Context, ws *e2e.Workspace) error {
	_, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "wait", "--for=jsonpath={.status.phase}=Running", "pod",
		"-l", "nextflow.io/app=nextflow", "--timeout=60s")
	if err == nil {
		return nil
	}
	select { // kubectl wait fails at once while there is no pod
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
	}
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "pods", "-l", "nextflow.io/app=nextflow",
			"-o", "jsonpath={.items[*].status.phase}")
		if err == nil && strings.Contains(out, "Running") {
			return nil
		}
		time.Sleep(time.Second)
	}
	return err
}
