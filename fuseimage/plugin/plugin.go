// Package plugin is the kubelet device plugin that gives /dev/fuse to pods that ask for it, and to no others.
// It needs no privilege, no capability and no API token: only the kubelet's plugin directory.
package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/socket"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	Resource  = "nextflow.io/fuse"                // what Nextflow asks for (default of k8s.fuseDevicePlugin)
	Count     = 1000                              // devices offered; more than pods fit on a node
	MaxCount  = 100_000                           // the kubelet refuses a message over 4 MiB
	Listen    = ":9440"                           // /metrics, /healthz, /readyz
	Directory = "/var/lib/kubelet/device-plugins" // of the kubelet (v1beta1.DevicePluginPath)
	Socket    = "fusiongen-fuse.sock"             // ours in Directory; fixed, so that a restart replaces it
)

// Options are what the command line says.
type Options struct {
	Resource  string // extended resource name, DOMAIN/NAME
	Count     int    // 1 … MaxCount
	Directory string // the kubelet's plugin directory
	Device    Device // where to look whether the node has FUSE
	Log       *slog.Logger
	Metrics   prometheus.Registerer
}

// A Plugin serves one resource of one node.
type Plugin struct {
	Options
	kubelet, socket string // paths
	inventory       *inventory
	metrics         *metrics
	restart         chan struct{}
	registered      atomic.Bool
	known           socket.Identity // of the kubelet that was asked last; Run's own
	timing          timing
}

// timing is how long the plugin waits; tests wait less.
type timing struct {
	look        time.Duration // between looks at the sockets and the device
	firstRetry  time.Duration // after a registration that failed; doubles up to lastRetry
	lastRetry   time.Duration
	streamGrace time.Duration // for the kubelet to open a stream again before we register anew
	noInotify   bool
}

// New checks the options. The error says which option is wrong and what would be right.
func New(o Options) (*Plugin, error) {
	domain, _, qualified := strings.Cut(o.Resource, "/")
	switch {
	// The rules of the scheduler for extended resources: pkg/apis/core/v1/helper IsExtendedResourceName.
	case !qualified || domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io") || strings.HasPrefix(o.Resource, "requests."):
		return nil, fmt.Errorf("the resource %q is no extended resource: it must be DOMAIN/NAME outside kubernetes.io, like %s", o.Resource, Resource)
	case len(validation.IsQualifiedName("requests."+o.Resource)) > 0:
		return nil, fmt.Errorf("the resource %q is no valid name: %s", o.Resource, strings.Join(validation.IsQualifiedName("requests."+o.Resource), "; "))
	case o.Count < 1 || o.Count > MaxCount:
		return nil, fmt.Errorf("the count is %d; it must be from 1 to %d", o.Count, MaxCount)
	}
	path := filepath.Join(o.Directory, Socket)
	if len(path) > socket.MaxPath {
		return nil, fmt.Errorf("the socket path %s has %d bytes; at most %d work everywhere", path, len(path), socket.MaxPath)
	}
	return &Plugin{
		Options: o, socket: path, kubelet: filepath.Join(o.Directory, filepath.Base(v1beta1.KubeletSocket)),
		inventory: newInventory(o.Count), metrics: newMetrics(o.Metrics), restart: make(chan struct{}, 1),
		timing: timing{look: time.Second, firstRetry: time.Second, lastRetry: 30 * time.Second, streamGrace: 5 * time.Second},
	}, nil
}

// Restart makes Run serve and register anew; what SIGHUP does.
func (p *Plugin) Restart() {
	select {
	case p.restart <- struct{}{}:
	default:
	}
}

// Run serves and keeps itself registered until ctx ends; then its streams are closed and its socket is gone.
func (p *Plugin) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := socket.Watch{Dir: p.Directory, Every: p.timing.look, NoInotify: p.timing.noInotify}.Start(ctx)
	looked := make(chan struct{})
	first := p.look(Health{State: DeviceMissing}) // the first list must already be the truth
	go func() { defer close(looked); p.keepLooking(ctx, first) }()
	defer func() { <-looked }()

	retry := p.newBackoff()
	for ctx.Err() == nil {
		s, err := p.serve()
		if err != nil {
			wait := retry.next()
			p.Log.Error("cannot serve in the kubelet's plugin directory", "error", err, "retry_seconds", wait.Seconds())
			p.become(stateNoSocket)
			pause(ctx, wait)
			continue
		}
		retry.reset()
		p.keepRegistered(ctx, s, changed)
		s.stop()
	}
	p.become(stateStopped)
}

// become takes over a state, and tells where it is another than before.
func (p *Plugin) become(now state) {
	if p.metrics.state.set(now) {
		p.Log.Info(now.means(), "event", "State", "state", now)
	}
}

// keepLooking follows the health of the device.
func (p *Plugin) keepLooking(ctx context.Context, last Health) {
	for pause(ctx, p.timing.look) {
		last = p.look(last)
	}
}

// look takes the device's health over into the inventory and tells what changed.
func (p *Plugin) look(last Health) Health {
	now := p.Device.Health()
	p.inventory.set(now.Healthy())
	p.metrics.health(now, p.Count)
	if now != last {
		level := slog.LevelInfo
		if now.Problem != "" {
			level = slog.LevelWarn
		}
		p.Log.Log(context.Background(), level, "looked at the FUSE device", "event", "Device", "device", now.State, "problem", now.Problem)
	}
	return now
}

// pause waits and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
