package main

import (
	"context"
	"os"

	"github.com/fusiongen/fusiongen/fuseimage/csi"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const nodeUsage = `fusion-node gives pods parts of the node's disk and the runtime's binary, as ephemeral CSI volumes.

  fusion-node --scratch=DIR [--driver=NAME] [--node=NAME] [--listen=ADDRESS] [--kubelet=DIR] [--runtime=FILE]

`

// node serves until SIGTERM.
func node(ctx context.Context, args []string, streams Streams) int {
	d := newDaemon("fusion-node", nodeUsage, csi.MetricsNamespace, csi.Listen, streams)
	self, err := os.Executable()
	if err != nil {
		return d.fail(2, err)
	}
	o := csi.Options{Version: version, Log: d.log, Metrics: d.metrics}
	d.flags.StringVar(&o.Name, "driver", csi.Name, "the driver's `name`")
	d.flags.StringVar(&o.Node, "node", os.Getenv("NODE_NAME"), "the node's `name`")
	d.flags.StringVar(&o.Kubelet, "kubelet", csi.Kubelet, "the kubelet's root `directory`")
	d.flags.StringVar(&o.Scratch, "scratch", "", "the `directory` that scratch volumes are made in; it may appear later")
	d.flags.StringVar(&o.Runtime, "runtime", self, "the binary that runtime volumes show")
	if code, done := d.parse(args); done {
		return code
	}
	driver, err := csi.New(o)
	if err != nil {
		return d.fail(1, err)
	}
	return d.serve(ctx, telemetry.Checks{Healthy: driver.Answers, Ready: driver.Ready}, driver.Run)
}
