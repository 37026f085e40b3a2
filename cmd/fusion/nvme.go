package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/nvme"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const nvmeUsage = `nvme-prep makes one mounted filesystem of a node's instance-store NVMe disks, and touches no others.

  nvme-prep [--taint=KEY] [FLAGS]   prepare, keep ready, and take the node's taint off
  nvme-prep --once [FLAGS]          prepare and exit
  nvme-prep --dry-run [FLAGS]       print the plan as JSON and exit

exit codes: 0 ready or no disks · 1 wrong flags · 2 failed · 3 a disk is somebody else's · 4 ours but not whole · 5 a tool is missing

`

// nvmePrep runs until SIGTERM, and leaves everything mounted.
func nvmePrep(ctx context.Context, args []string, streams Streams) int {
	o := nvme.Options{}
	flags := flag.NewFlagSet("nvme-prep", flag.ContinueOnError)
	flags.SetOutput(streams.Err)
	flags.Usage = func() { fmt.Fprint(streams.Err, nvmeUsage); flags.PrintDefaults() }
	flags.StringVar(&o.Mount, "mount", nvme.Mount, "where to mount the disks")
	flags.StringVar(&o.Filesystem, "filesystem", "xfs", "xfs or ext4")
	flags.IntVar(&o.Level, "raid", 0, "level of the array: 0 or 10")
	flags.StringVar(&o.Model, "model", nvme.Model, "how the model of the disks begins; EBS is never admitted")
	flags.IntVar(&o.Expected, "disks", 0, "disks that there must be; 0: as many as there are")
	flags.BoolVar(&o.RequireDisks, "require-disks", false, "a node without disks is not ready")
	flags.BoolVar(&o.RecreateOwned, "recreate-owned", false, "make anew what is ours and not whole")
	wipe := flags.String("wipe", "blank-or-owned", "what may be written to: blank-or-owned, or never")
	flags.IntVar(&o.Polls, "polls", 3, "looks that must find the same disks")
	flags.DurationVar(&o.Poll, "poll", time.Second, "time between them")
	key := flags.String("taint", "", "`key` of the taint to take off the node when ready")
	retaint := flags.Bool("retaint", false, "put the taint on again when the mount is lost")
	name := flags.String("node", os.Getenv("NODE_NAME"), "the node's `name`")
	listen := flags.String("listen", nvme.Listen, "`address` of /metrics, /healthz and /readyz")
	every := flags.Duration("every", time.Minute, "time between looks at a node that was prepared")
	once := flags.Bool("once", false, "prepare and exit")
	dry := flags.Bool("dry-run", false, "print the plan as JSON and exit")
	if code, done := parse(flags, args, streams); done {
		return code
	}
	fail := func(code int, err error) int {
		fmt.Fprintf(streams.Err, "nvme-prep: %v\n", err)
		return code
	}
	if *wipe != "blank-or-owned" && *wipe != "never" {
		return fail(nvme.ExitInput, fmt.Errorf("--wipe is %q; it must be blank-or-owned or never", *wipe))
	}
	o.NeverWrite = *wipe == "never"
	if *key != "" && *name == "" {
		return fail(nvme.ExitInput, fmt.Errorf("--taint needs the node's name: set NODE_NAME from spec.nodeName, or --node"))
	}
	metrics := telemetry.Registry(nvme.MetricsNamespace, version)
	o.Log, o.Metrics = telemetry.Logger(streams.Err, "nvme-prep"), metrics
	p, err := nvme.New(o, nvme.Kernel{})
	if err != nil {
		return fail(nvme.ExitInput, err)
	}
	account, err := nvme.EnterHost()
	if err != nil {
		return fail(nvme.ExitFailed, err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case *dry:
		out := json.NewEncoder(streams.Out)
		out.SetIndent("", "  ")
		plan := p.Plan(ctx)
		if err := out.Encode(plan); err != nil {
			return fail(nvme.ExitFailed, err)
		}
		if plan.Phase == nvme.Preparing {
			return nvme.ExitOK
		}
		return plan.Phase.Exit()
	case *once:
		result := p.Prepare(ctx)
		o.Log.Info("done", "phase", result.Phase, "disks", result.Disks, "steps", result.Steps, "bytes", result.Total)
		if result.Err != nil {
			return fail(result.Phase.Exit(), result.Err)
		}
		return result.Phase.Exit()
	}
	d := &nvme.Daemon{Preparer: p, Retaint: *retaint, Every: *every}
	if *key != "" {
		gate, err := nvme.InCluster(account, *name, *key)
		if err != nil {
			return fail(nvme.ExitFailed, err)
		}
		d.Gate = gate
	}
	alive := func(context.Context) error { return nil } // the port answers: a slow mkfs is no reason to be killed
	address, err := telemetry.Listen(ctx, o.Log, *listen, metrics, telemetry.Checks{Healthy: alive, Ready: d.Ready})
	if err != nil {
		return fail(nvme.ExitFailed, fmt.Errorf("cannot open the health port: %w", err))
	}
	o.Log.Info("started", "version", version, "listen", address.String(), "mount", filepath.Clean(o.Mount))
	if err := telemetry.LowMemory(); err != nil {
		o.Log.Warn("the memory of the start is kept", "error", err)
	}
	d.Run(ctx)
	return nvme.ExitOK
}
