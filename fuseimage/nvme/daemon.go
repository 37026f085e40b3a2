package nvme

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Gate keeps pods off the node until its disks are ready: the taint.
type Gate interface {
	Open(context.Context) error  // takes the taint off
	Close(context.Context) error // puts it on again
}

// A Daemon keeps the disks of its node ready. It never unmounts: not when it stops, not when it fails.
type Daemon struct {
	*Preparer
	Gate    Gate          // nil: there is none
	Retaint bool          // close the gate when the mount is lost
	Every   time.Duration // between looks

	mu    sync.Mutex
	state error // guarded by mu; nil when ready and the gate is open
}

// Run prepares, opens the gate, and looks again until ctx ends.
func (d *Daemon) Run(ctx context.Context) {
	d.setState(errors.New(string(Starting)))
	wasReady := false
	for {
		if wasReady && !d.stillMounted() {
			d.metrics.phase(Lost)
			d.setState(errors.New("the mount is lost"))
			d.Log.Error("the mount is lost; mounting again", "event", "MountLost", "mount", d.Mount)
			if d.Gate != nil && d.Retaint {
				if err := d.Gate.Close(ctx); err != nil {
					d.Log.Error("cannot put the taint on again", "error", err)
				}
			}
		}
		out := d.Prepare(ctx)
		wasReady = out.Phase == Ready
		d.setState(d.conclude(ctx, out))
		select {
		case <-ctx.Done():
			return
		case <-time.After(d.Every):
		}
	}
}

// conclude tells the outcome, and opens the gate where it is good.
func (d *Daemon) conclude(ctx context.Context, out Outcome) error {
	if out.Err != nil {
		out.Tell(d.Log)
		return fmt.Errorf("%s: %w", out.Phase, out.Err)
	}
	if d.Gate != nil {
		if err := d.Gate.Open(ctx); err != nil {
			d.Log.Error("the disks are ready, but the taint could not be taken off", "event", "GateShut", "serials", serials(out.Disks), "error", err)
			return err
		}
	}
	if out.Steps > 0 || d.Ready(ctx) != nil {
		out.Tell(d.Log)
	}
	return nil
}

func (d *Daemon) stillMounted() bool {
	disks, err := d.disks()
	if err != nil {
		return false
	}
	s, err := d.look(disks)
	return err == nil && s.mounted
}

// Ready is what /readyz asks.
func (d *Daemon) Ready(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *Daemon) setState(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = err
}
