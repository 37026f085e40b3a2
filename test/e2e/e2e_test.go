package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

var (
	all    = flag.Bool("e2e.all", false, "every cell, all pipelines in two, grants in both modes, defects and faults: about an hour, instead of a quarter")
	record = flag.String("e2e.verified", "", "write the table of what ran to this file")
)

// The cells: every pair of values of two dimensions is in one of them. Security by injection alone has 15 pairs.
var covering = []e2e.Cell{
	{Security: "unprivileged", Compute: "Job", Inject: "csi", Scratch: "csi"},
	{Security: "privileged", Compute: "Pod", Inject: "baked", Scratch: "emptyDir"},
	{Security: "custom", Compute: "Pod", Inject: "policy", Scratch: "csi"},
	{Security: "unprivileged", Compute: "Pod", Inject: "init", Scratch: "emptyDir"},
	{Security: "unprivileged", Compute: "Job", Inject: "policy", Scratch: "emptyDir"},
	{Security: "unprivileged", Compute: "Pod", Inject: "host", Scratch: "csi"},
	{Security: "unprivileged", Compute: "Job", Inject: "baked", Scratch: "csi"},
	{Security: "privileged", Compute: "Job", Inject: "csi", Scratch: "emptyDir"},
	{Security: "privileged", Compute: "Pod", Inject: "policy", Scratch: "csi"},
	{Security: "privileged", Compute: "Job", Inject: "init", Scratch: "csi"},
	{Security: "privileged", Compute: "Job", Inject: "host", Scratch: "emptyDir"},
	{Security: "custom", Compute: "Pod", Inject: "csi", Scratch: "emptyDir"},
	{Security: "custom", Compute: "Job", Inject: "init", Scratch: "csi"},
	{Security: "custom", Compute: "Job", Inject: "host", Scratch: "emptyDir"},
	{Security: "custom", Compute: "Pod", Inject: "baked", Scratch: "csi"},
}

// quick are the cells that a run without -e2e.all takes: each injection but one, each kind of security, both modes.
const quick = 4

// restrictedCell has an admission policy for its tasks.
var restrictedCell = e2e.Cell{Security: "unprivileged", Compute: "Job", Inject: "csi", Scratch: "csi", Restricted: true}

// full are the two cells in which all pipelines run.
var full = []e2e.Cell{covering[0], covering[1]}

// TestE2E brings a world up and asks everything of it.
func TestE2E(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// An interrupted run ends its world too.
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 100*time.Minute)
	defer cancel()
	w, err := e2e.Up(ctx, root, t.TempDir())
	defer w.Down()
	if err != nil {
		t.Fatal(err)
	}
	table := &table{}
	loadHead := sync.OnceValue(func() error { return w.LoadHead(ctx) })
	t.Run("Smoke", func(t *testing.T) {
		cells := covering
		if !*all {
			cells = covering[:quick]
		}
		for _, c := range cells {
			t.Run(c.Name(), func(t *testing.T) { testSmoke(t, ctx, w, c, table) })
		}
	})
	t.Run("Pipelines", func(t *testing.T) {
		for i, c := range full {
			if i == 0 || *all {
				t.Run(c.Name(), func(t *testing.T) { testPipelines(t, ctx, w, c) })
			}
		}
	})
	t.Run("Grants", func(t *testing.T) {
		for _, c := range full {
			if c.Compute == "Pod" || *all {
				t.Run(c.Compute, func(t *testing.T) { testGrants(t, ctx, w, c) })
			}
		}
	})
	t.Run("Restricted", func(t *testing.T) {
		testSmoke(t, ctx, w, restrictedCell, table)
	})
	t.Run("Head", func(t *testing.T) { testHead(t, ctx, w, loadHead) })
	t.Run("Identity", func(t *testing.T) { testIdentity(t, ctx, w, loadHead) })
	t.Run("Defects", func(t *testing.T) {
		if *all && w.Kubernetes >= "1.36" { // some are of admission policies
			testDefects(t, ctx, w, loadHead)
		}
	})
	t.Run("Faults", func(t *testing.T) { testFaults(t, ctx, w, full[0]) })
	if *record != "" {
		if err := table.write(*record); err != nil {
			t.Error(err)
		}
	}
}

// testSmoke runs the smallest pipeline with files between its tasks.
func testSmoke(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell, table *table) {
	if w.Kubernetes < "1.36" && (c.Inject == "policy" || c.Inject == "init" || c.Restricted) {
		if _, err := w.Open(ctx, c); err == nil || !strings.Contains(err.Error(), "needs MutatingAdmissionPolicy") {
			t.Errorf("Kubernetes %s has no stable admission policies, and the spec is taken: %v", w.Kubernetes, err)
		}
		return
	}
	ws := open(t, ctx, w, c)
	begin := time.Now()
	same(t, ctx, ws, pipeline{name: "smoke"})
	table.row(c, time.Since(begin), !t.Failed())
}

// open puts a cell on the cluster, and takes it off when the test ends.
func open(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) *e2e.Workspace {
	t.Helper()
	ws, err := w.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ws.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return ws
}

// table is docs/verified.md: what ran, with which versions, when, and for how long.
type table struct{ rows []string }

func (tb *table) row(c e2e.Cell, took time.Duration, passed bool) {
	result := "passed"
	if !passed {
		result = "failed"
	}
	tb.rows = append(tb.rows, fmt.Sprintf("| %s | %s | %s | %s | %.0f s | %s |", c.Security, c.Compute, c.Inject, c.Scratch, took.Seconds(), result))
}

func (tb *table) write(path string) error {
	versions, err := os.ReadFile("../versions")
	if err != nil {
		return err
	}
	var names []string
	for line := range strings.Lines(string(versions)) {
		if f := strings.Fields(line); len(f) == 3 && strings.Contains(" kubelet containerd runc versitygw ", " "+f[0]+" ") {
			names = append(names, f[0]+" "+f[1])
		}
	}
	text := "# What ran\n\nWritten by `make e2e-all`, " + time.Now().UTC().Format("2006-01-02") + ": the pipeline `test/pipelines/smoke` with Nextflow 24.10.0, " +
		strings.Join(names, ", ") + ".\nEach row is one spec, built, applied and run as the generated README says; the results equal those of a local run, byte for byte.\n\n" +
		"| security | tasks are | runtime by | /tmp is | run took | result |\n|---|---|---|---|---|---|\n" + strings.Join(tb.rows, "\n") + "\n"
	return os.WriteFile(path, []byte(text), 0o644)
}
