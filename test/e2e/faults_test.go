package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// A fault happens while one of two slow tasks runs; the pipeline ends right, or fails with the cause named.
type fault struct {
	name   string
	happen func(ctx context.Context, ws *e2e.Workspace, run *e2e.Run) error
	args   []string // of the pipeline
	block  int      // bytes that each second adds to the output; the fault waits until their upload has begun
	quick  bool     // taken without -e2e.all, too
	resume bool     // the head itself is gone: a second run goes on
	cause  string   // what the user reads, in the head's output or the pod's log, when the run cannot end well; empty: it ends right
}

// block is such that the upload of an output begins in a task's sixth second and goes on to its last.
const block = 4 << 20

var faults = []fault{
	{name: "device plugin killed", happen: deletePods("fuse-device-plugin")},
	{name: "node volumes killed", quick: true, block: block, happen: deletePods("fusion-node")},
	{name: "kubelet killed", happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		return ws.World.Cluster.Restart(ctx, "kubelet", 3*time.Second)
	}},
	{name: "S3 away for 30 s", block: block, happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		ws.World.Store.Stop()
		time.Sleep(30 * time.Second)
		return ws.World.Store.Start(ctx)
	}},
	{name: "task pod killed", block: block, happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		pods, err := ws.RunningTasks(ctx)
		if err != nil {
			return err
		}
		_, _, err = ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", pods[0], "--grace-period=0", "--force")
		return err
	}},
	{name: "head killed", resume: true, happen: func(ctx context.Context, ws *e2e.Workspace, run *e2e.Run) error {
		run.Kill()
		return nil
	}},
	{name: "scratch disk full for 15 s", args: []string{"--waste", "200000"}, happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		if err := e2e.ScratchDisk.Fill(); err != nil {
			return err
		}
		time.Sleep(15 * time.Second)
		return e2e.ScratchDisk.Drain()
	}},
	{name: "scratch disk stays full", quick: true, args: []string{"--waste", "200000", "--retries", "0"}, cause: "No space left on device", happen: func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		return e2e.ScratchDisk.Fill()
	}},
}

func deletePods(daemon string) func(context.Context, *e2e.Workspace, *e2e.Run) error {
	return func(ctx context.Context, ws *e2e.Workspace, _ *e2e.Run) error {
		_, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", "fusiongen-system", "delete", "pods", "-l", "app.kubernetes.io/name="+daemon, "--grace-period=0", "--force")
		return err
	}
}

// testFaults lets each fault happen in one workspace, whose node has a small scratch disk. Nothing may stay on the node afterwards.
func testFaults(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) {
	if err := e2e.ScratchDisk.Mount(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e2e.ScratchDisk.Unmount(); err != nil {
			t.Error(err)
		}
	})
	ws := open(t, ctx, w, c)
	for _, f := range faults {
		if f.quick || *all {
			t.Run(f.name, func(t *testing.T) { testFault(t, ctx, ws, f) })
		}
	}
}

func testFault(t *testing.T, ctx context.Context, ws *e2e.Workspace, f fault) {
	k := ws.World.Cluster.Kubectl
	prefix := strings.ReplaceAll(f.name, " ", "-")
	args := append([]string{"--out", "s3://results-" + ws.Name + "/" + prefix, "--block", strconv.Itoa(f.block)}, f.args...)
	run, err := ws.Start(ctx, "slow", args...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ws.RunningTasks(ctx); err != nil {
		run.Kill()
		t.Fatal(err, run.Wait().Explain(ctx))
	}
	if f.block > 0 {
		if err := ws.AwaitUpload(ctx); err != nil {
			t.Error(err)
		}
	}
	if err := f.happen(ctx, ws, run); err != nil {
		t.Error(err)
	}
	run.Wait()
	if f.resume {
		if run, err = ws.Nextflow(ctx, "slow", append(args, "-resume")...); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case f.cause == "" && run.Code != 0:
		t.Error(run.Explain(ctx))
	case f.cause != "" && (run.Code == 0 || !strings.Contains(run.Output+ws.Logs(ctx, -1), f.cause)):
		t.Errorf("nobody reads %q:\n%s", f.cause, run.Explain(ctx))
	}
	for n := 1; n <= 2 && f.cause == ""; n++ {
		var want strings.Builder
		for i := range 20 {
			fmt.Fprintf(&want, "%d %d\n%s", n, i+1, strings.Repeat("\x00", f.block))
		}
		key := fmt.Sprintf("%s/slow-%d.txt", prefix, n)
		if got, err := ws.World.Store.Get(ctx, "results-"+ws.Name, key); err != nil || string(got) != want.String() {
			t.Errorf("%s has %d bytes and should have %d, or differs: %v", key, len(got), want.Len(), err)
		}
	}
	if err := e2e.ScratchDisk.Drain(); err != nil {
		t.Error(err)
	}
	k(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all")
	if err := ws.Clean(ctx); err != nil {
		t.Error(err)
	}
}
