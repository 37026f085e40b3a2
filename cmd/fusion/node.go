package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/csi"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const nodeUsage = `fusion-node gives pods parts of the node's disk and the runtime's binary, as ephemeral CSI volumes.

  fusion-node --scratch=DIR [--driver=NAME] [--node=NAME] [--listen=ADDRESS] [--kubelet=DIR] [--runtime=FILE]

`

// node serves until SIGTERM.
func node(ctx context.Context, args []string, streams Streams) int {
	o := csi.Options{Version: version}
	flags := flag.NewFlagSet("fusion-node", flag.ContinueOnError)
	flags.SetOutput(streams.Err)
	flags.Usage = func() { fmt.Fprint(streams.Err, nodeUsage); flags.PrintDefaults() }
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(streams.Err, "fusion-node: %v\n", err)
		return 2
	}
	flags.StringVar(&o.Name, "driver", csi.Name, "the driver's `name`")
	flags.StringVar(&o.Node, "node", os.Getenv("NODE_NAME"), "the node's `name`")
	flags.StringVar(&o.Kubelet, "kubelet", csi.Kubelet, "the kubelet's root `directory`")
	flags.StringVar(&o.Scratch, "scratch", "", "the `directory` that scratch volumes are made in; it may appear later")
	flags.StringVar(&o.Runtime, "runtime", self, "the binary that runtime volumes show")
	listen := flags.String("listen", csi.Listen, "`address` of /metrics, /healthz and /readyz")
	if code, done := parse(flags, args, streams); done {
		return code
	}
	metrics := telemetry.Registry(csi.MetricsNamespace, version)
	o.Log, o.Metrics = telemetry.Logger(streams.Err, "fusion-node"), metrics
	d, err := csi.New(o)
	if err != nil {
		fmt.Fprintf(streams.Err, "fusion-node: %v\n", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	address, err := telemetry.Listen(ctx, o.Log, *listen, metrics, telemetry.Checks{Healthy: d.Answers, Ready: d.Ready})
	if err != nil {
		fmt.Fprintf(streams.Err, "fusion-node: cannot open the health port: %v\n", err)
		return 2
	}
	o.Log.Info("started", "version", version, "listen", address.String())
	if err := telemetry.LowMemory(); err != nil {
		o.Log.Warn("the memory of the start is kept", "error", err)
	}
	if err := d.Run(ctx); err != nil {
		fmt.Fprintf(streams.Err, "fusion-node: %v\n", err)
		return 2
	}
	return 0
}
