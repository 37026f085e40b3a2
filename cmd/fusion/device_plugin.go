package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/fusiongen/fusiongen/fuseimage/plugin"
	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
)

const devicePluginUsage = `fuse-device-plugin gives /dev/fuse to pods that ask the kubelet for it.

  fuse-device-plugin [--resource=DOMAIN/NAME] [--count=N] [--listen=ADDRESS] [--directory=DIR] [--sys=DIR] [--dev=DIR]

It waits for whatever is missing, and its metrics say what that is. Exit codes: 0 told to stop · 1 wrong flags · 2 the port is taken.

`

// devicePlugin serves until SIGTERM; SIGHUP registers anew.
func devicePlugin(ctx context.Context, args []string, streams Streams) int {
	d := newDaemon("fuse-device-plugin", devicePluginUsage, plugin.MetricsNamespace, plugin.Listen, streams)
	o := plugin.Options{Log: d.log, Metrics: d.metrics}
	d.flags.StringVar(&o.Resource, "resource", plugin.Resource, "extended resource `name`")
	d.flags.IntVar(&o.Count, "count", plugin.Count, "devices to offer; at least the pods that fit on a node")
	d.flags.StringVar(&o.Directory, "directory", plugin.Directory, "the kubelet's plugin `directory`")
	d.flags.StringVar(&o.Device.Sys, "sys", "/sys", "the sysfs")
	d.flags.StringVar(&o.Device.Dev, "dev", "", "where the node's device is mounted; its fuse is then looked at too")
	if code, done := d.parse(args); done {
		return code
	}
	p, err := plugin.New(o)
	if err != nil {
		return d.fail(1, err)
	}
	return d.serve(ctx, telemetry.Checks{Healthy: p.Answers, Ready: p.Ready}, func(ctx context.Context) error {
		go restartOnHangup(ctx, p)
		p.Run(ctx)
		return nil
	})
}

func restartOnHangup(ctx context.Context, p *plugin.Plugin) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			p.Restart()
		case <-ctx.Done():
			return
		}
	}
}
