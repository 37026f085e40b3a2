package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/nvme"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const nvmeUsage = `nvme-prep makes one mounted filesystem of a node's instance-store NVMe disks, and touches no others.

  nvme-prep [--taint=KEY] [FLAGS]   prepare, keep ready, and take the node's taint off
  nvme-prep --once [FLAGS]          prepare and exit
  nvme-prep --dry-run [FLAGS]       print the plan as JSON and exit

exit codes: 0 ready or no disks · 1 wrong flags · 2 failed · 3 a disk is somebody else's · 4 ours but not whole ·
  5 a tool is missing · 6 a disk is missing · 7 the node's root is read-only

`

// nvmePrep runs until SIGTERM, and leaves everything mounted.
func nvmePrep(ctx context.Context, args []string, streams Streams) int {
	d := newDaemon("nvme-prep", nvmeUsage, nvme.MetricsNamespace, nvme.Listen, streams)
	o := nvme.Options{Log: d.log, Metrics: d.metrics}
	d.flags.StringVar(&o.Mount, "mount", nvme.Mount, "where to mount the disks")
	d.flags.StringVar(&o.Filesystem, "filesystem", "xfs", "xfs or ext4")
	d.flags.IntVar(&o.Level, "raid", 0, "level of the array: 0 or 10")
	d.flags.StringVar(&o.Model, "model", nvme.Model, "how the model of the disks begins; EBS is never admitted")
	d.flags.IntVar(&o.Expected, "disks", 0, "disks that there must be; 0: as many as there are")
	d.flags.BoolVar(&o.RequireDisks, "require-disks", false, "a node without disks is not ready")
	d.flags.BoolVar(&o.RecreateOwned, "recreate-owned", false, "make anew what is ours and not whole")
	wipe := d.flags.String("wipe", "blank-or-owned", "what may be written to: blank-or-owned, or never")
	d.flags.IntVar(&o.Polls, "polls", 3, "looks that must find the same disks")
	d.flags.DurationVar(&o.Poll, "poll", time.Second, "time between them")
	key := d.flags.String("taint", "", "`key` of the taint to take off the node when ready")
	retaint := d.flags.Bool("retaint", false, "put the taint on again when the mount is lost")
	name := d.flags.String("node", os.Getenv("NODE_NAME"), "the node's `name`")
	every := d.flags.Duration("every", time.Minute, "time between looks at a node that was prepared")
	once := d.flags.Bool("once", false, "prepare and exit")
	dry := d.flags.Bool("dry-run", false, "print the plan as JSON and exit")
	if code, done := d.parse(args); done {
		return code
	}
	if *wipe != "blank-or-owned" && *wipe != "never" {
		return d.fail(nvme.ExitInput, fmt.Errorf("--wipe is %q; it must be blank-or-owned or never", *wipe))
	}
	o.NeverWrite = *wipe == "never"
	if *key != "" && *name == "" {
		return d.fail(nvme.ExitInput, errors.New("--taint needs the node's name: set NODE_NAME from spec.nodeName, or --node"))
	}
	p, err := nvme.New(o, nvme.Kernel{})
	if err != nil {
		return d.fail(nvme.ExitInput, err)
	}
	account, err := nvme.EnterHost()
	if err != nil {
		return d.fail(nvme.ExitFailed, err)
	}
	switch {
	case *dry:
		return d.plan(ctx, p)
	case *once:
		return d.prepare(ctx, p)
	}
	keeper := &nvme.Daemon{Preparer: p, Retaint: *retaint, Every: *every}
	if *key != "" {
		if keeper.Gate, err = nvme.InCluster(account, *name, *key); err != nil {
			return d.fail(nvme.ExitFailed, err)
		}
	}
	alive := func(context.Context) error { return nil } // the port answers: a slow mkfs is no reason to be killed
	return d.serve(ctx, telemetry.Checks{Healthy: alive, Ready: keeper.Ready}, func(ctx context.Context) error {
		keeper.Run(ctx)
		return nil
	}, "mount", filepath.Clean(o.Mount))
}

// plan prints what would be done.
func (d *daemon) plan(ctx context.Context, p *nvme.Preparer) int {
	ctx, stop := untilTold(ctx)
	defer stop()
	out := json.NewEncoder(d.streams.Out)
	out.SetIndent("", "  ")
	plan := p.Plan(ctx)
	if err := out.Encode(plan); err != nil {
		return d.fail(nvme.ExitFailed, err)
	}
	if plan.Phase == nvme.Preparing {
		return nvme.ExitOK
	}
	return plan.Phase.Exit()
}

// prepare does it once.
func (d *daemon) prepare(ctx context.Context, p *nvme.Preparer) int {
	ctx, stop := untilTold(ctx)
	defer stop()
	result := p.Prepare(ctx)
	result.Tell(d.log)
	if result.Err != nil {
		return d.fail(result.Phase.Exit(), result.Err)
	}
	return result.Phase.Exit()
}
