package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/plugin"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const devicePluginUsage = `fuse-device-plugin gives /dev/fuse to pods that ask the kubelet for it.

  fuse-device-plugin [--resource=DOMAIN/NAME] [--count=N] [--listen=ADDRESS] [--directory=DIR] [--sys=DIR] [--dev=DIR]

`

// devicePlugin serves until SIGTERM; SIGHUP registers anew.
func devicePlugin(ctx context.Context, args []string, streams Streams) int {
	o := plugin.Options{}
	flags := flag.NewFlagSet("fuse-device-plugin", flag.ContinueOnError)
	flags.SetOutput(streams.Err)
	flags.Usage = func() { fmt.Fprint(streams.Err, devicePluginUsage); flags.PrintDefaults() }
	flags.StringVar(&o.Resource, "resource", plugin.Resource, "extended resource `name`")
	flags.IntVar(&o.Count, "count", plugin.Count, "devices to offer; at least the pods that fit on a node")
	flags.StringVar(&o.Directory, "directory", plugin.Directory, "the kubelet's plugin `directory`")
	flags.StringVar(&o.Device.Sys, "sys", "/sys", "the sysfs")
	flags.StringVar(&o.Device.Dev, "dev", "", "the node's /dev, where it is mounted; its fuse is then looked at too")
	listen := flags.String("listen", plugin.Listen, "`address` of /metrics, /healthz and /readyz")
	if code, done := parse(flags, args, streams); done {
		return code
	}
	metrics := telemetry.Registry(plugin.MetricsNamespace, version)
	o.Log, o.Metrics = telemetry.Logger(streams.Err, "fuse-device-plugin"), metrics
	p, err := plugin.New(o)
	if err != nil {
		fmt.Fprintf(streams.Err, "fuse-device-plugin: %v\n", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	go func() {
		for {
			select {
			case <-hangup:
				p.Restart()
			case <-ctx.Done():
				return
			}
		}
	}()
	address, err := telemetry.Listen(ctx, o.Log, *listen, metrics, telemetry.Checks{Healthy: p.Answers, Ready: p.Ready})
	if err != nil {
		fmt.Fprintf(streams.Err, "fuse-device-plugin: cannot open the health port: %v\n", err)
		return 2
	}
	o.Log.Info("started", "version", version, "listen", address.String())
	if err := telemetry.LowMemory(); err != nil {
		o.Log.Warn("the memory of the start is kept", "error", err)
	}
	p.Run(ctx)
	return 0
}
