// Package csi is the node's CSI service for volumes that live and die with a pod (ephemeral inline volumes):
// a part of the node's scratch disk, and the runtime's binary as a file. It registers itself with the kubelet and
// keeps the seccomp profile installed that unprivileged FUSE mounts need.
//
// A volume is a directory that appears and vanishes by one rename, so a kill at any point leaves either a whole
// volume or rubbish that the next start removes. Mounts are read from the kernel, never remembered.
package csi

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	Name    = "fusion.fusiongen.dev" // of the driver, in CSIDriver objects and pods
	Kubelet = "/var/lib/kubelet"     // the kubelet's root directory
	Listen  = ":9442"                // /metrics, /healthz, /readyz
)

// Options are what the command line says.
type Options struct {
	Name    string // of the driver
	Node    string // of the node, as the kubelet calls it
	Version string
	Kubelet string // the kubelet's root directory
	Scratch string // where scratch volumes are made; it may not be there yet
	Runtime string // the binary that runtime volumes show
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// A Driver answers the kubelet for one node.
type Driver struct {
	spec.UnimplementedIdentityServer
	spec.UnimplementedNodeServer
	Options
	scratch *scratch
	runtime *runtime
	metrics *metrics

	mu   sync.Mutex
	busy map[string]bool // guarded by mu; volume ids with a call under way

	registered atomic.Bool
	every      time.Duration // between looks at sockets, leftovers and the profile
}

// New checks the options.
func New(o Options) (*Driver, error) {
	for _, path := range []string{o.Kubelet, o.Scratch, o.Runtime} {
		if !filepath.IsAbs(path) {
			return nil, fmt.Errorf("the path %q is not absolute", path)
		}
	}
	if o.Name == "" || o.Name != filepath.Base(o.Name) || len(o.Name) > 63 {
		return nil, fmt.Errorf("the driver's name %q is not a domain name of at most 63 characters", o.Name)
	}
	if o.Node == "" {
		return nil, fmt.Errorf("the node's name is missing: set NODE_NAME from spec.nodeName, or --node")
	}
	m := newMetrics(o.Metrics)
	return &Driver{
		Options: o, metrics: m, busy: map[string]bool{}, every: 2 * time.Second,
		scratch: newScratch(o.Scratch, o.Log, m),
		runtime: &runtime{source: o.Runtime, dir: filepath.Join(o.Kubelet, "plugins", o.Name, "runtime")},
	}, nil
}

// Run installs what the node needs, then serves and keeps itself registered until ctx ends. The error says what
// could not be installed; everything that can pass is waited for instead.
func (d *Driver) Run(ctx context.Context) error {
	if err := d.runtime.install(); err != nil {
		return fmt.Errorf("cannot install the runtime on the node: %w", err)
	}
	done := make(chan struct{})
	go func() { defer close(done); d.keepTidy(ctx) }()
	err := d.serve(ctx)
	<-done
	return err
}

// keepTidy looks after the seccomp profile and what pods left behind that went while we were away.
func (d *Driver) keepTidy(ctx context.Context) {
	for {
		changed, err := installProfile(filepath.Join(d.Kubelet, "seccomp"))
		d.metrics.profile(err == nil)
		switch {
		case err != nil:
			d.Log.Error("cannot install the seccomp profile", "error", err)
		case changed:
			d.Log.Info("installed the seccomp profile", "file", ProfileName)
		}
		d.tidy()
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Minute):
		}
	}
}

// tidy removes the volumes of pods that the kubelet no longer knows. It makes the directory of a volume before it
// asks for the volume, and removes it after the volume is gone.
func (d *Driver) tidy() {
	if !exists(filepath.Join(d.Kubelet, "pods")) {
		return // then no absence below it tells anything
	}
	volumes, err := d.scratch.volumes()
	if err != nil {
		d.Log.Error("cannot list the scratch volumes", "error", err)
		return
	}
	for _, v := range volumes {
		if exists(filepath.Dir(v.Target)) || !d.lock(v.ID) {
			continue
		}
		if err := d.remove(v.ID, v.Target); err != nil {
			d.Log.Error("cannot remove the volume of a pod that is gone", "volume", v.ID, "error", err)
		} else {
			d.Log.Info("removed the volume of a pod that is gone", "volume", v.ID, "pod", v.Pod)
		}
		d.unlock(v.ID)
	}
	if err := d.runtime.prune(); err != nil {
		d.Log.Error("cannot remove old runtimes", "error", err)
	}
}

// lock claims a volume for one call; false means that another call has it.
func (d *Driver) lock(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[id] {
		return false
	}
	d.busy[id] = true
	return true
}

func (d *Driver) unlock(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, id)
}
