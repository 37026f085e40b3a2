// Package nvme prepares the instance-store NVMe disks of a node: one XFS filesystem, on RAID 0 where there are
// several disks, mounted at one path. It writes to disks that are blank or its own, and to nothing else.
//
// The preparer keeps no state but the disks'. It surveys the node, runs the first step that is missing, and
// surveys again; so a run that was killed is continued like one that was not, and a run with nothing to do does
// nothing.
package nvme

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	Mount   = "/mnt/fusion"                      // where the disks are mounted
	Scratch = "scratch"                          // directory in it that tasks get parts of; there only while mounted
	Taint   = "fusiongen.dev/nvme-not-ready"     // on new nodes until their disks are ready
	Listen  = ":9441"                            // /metrics, /healthz, /readyz
	Model   = "Amazon EC2 NVMe Instance Storage" // begins the model of instance-store disks (NVMe Identify Controller)

	arrayName = "fusiongen"   // of the md array
	label     = "fusion-nvme" // of the filesystem; XFS allows 12 characters
	chunk     = 256           // KiB of a RAID 0 stripe on one disk; XFS cannot align its log to more
)

// neverModel is in the model of EBS volumes, which hold what someone wants to keep. No option admits them.
const neverModel = "Elastic Block Store"

// Exit codes of a single run.
const (
	ExitOK          = 0 // ready, or no disks to prepare
	ExitInput       = 1 // options that cannot be
	ExitFailed      = 2 // a tool or the kernel failed
	ExitForeign     = 3 // a disk is somebody else's
	ExitDegraded    = 4 // ours, but not whole
	ExitToolMissing = 5 // mdadm or mkfs is not on the node
	ExitDiskMissing = 6 // a disk went away, or there are not as many as asked for
	ExitReadOnly    = 7 // the node's root takes no lock and no mount point
)

// A Phase is what the node's disks are in.
type Phase string

const (
	Starting    Phase = "starting"
	Preparing   Phase = "preparing"
	Ready       Phase = "ready"
	NoDisks     Phase = "no_disks"
	Foreign     Phase = "foreign"
	Degraded    Phase = "degraded"
	ToolMissing Phase = "tool_missing"
	DiskMissing Phase = "disk_missing"
	ReadOnly    Phase = "read_only"
	Failed      Phase = "failed"
	Lost        Phase = "lost" // was ready; the mount is gone
)

func phases() []Phase {
	return []Phase{Starting, Preparing, Ready, NoDisks, Foreign, Degraded, ToolMissing, DiskMissing, ReadOnly, Failed, Lost}
}

// Options are what the command line says.
type Options struct {
	Mount         string
	Filesystem    string // xfs or ext4
	Level         int    // of the array: 0, or 10 with four disks or more
	Model         string // beginning of the model; other machines' disks in tests
	Expected      int    // disks there must be; 0: as many as there are
	RequireDisks  bool   // none is then not ready
	RecreateOwned bool   // make anew what is ours and not whole; what it held is lost
	NeverWrite    bool   // wipePolicy never: mount what is prepared, make nothing
	Polls         int    // surveys that must find the same disks before anything is done
	Poll          time.Duration
	Root          string // prefix of every path of the node; "" but in tests
	Log           *slog.Logger
	Metrics       prometheus.Registerer
}

// A Preparer works on one node.
type Preparer struct {
	Options
	system  System
	metrics *metrics
}

// New checks the options.
func New(o Options, system System) (*Preparer, error) {
	switch {
	case !filepath.IsAbs(o.Mount) || filepath.Clean(o.Mount) != o.Mount || o.Mount == "/":
		return nil, fmt.Errorf("the mount path %q is not an absolute path of its own, like %s", o.Mount, Mount)
	case o.Filesystem != "xfs" && o.Filesystem != "ext4":
		return nil, fmt.Errorf("the filesystem %q is neither xfs nor ext4", o.Filesystem)
	case o.Level != 0 && o.Level != 10:
		return nil, fmt.Errorf("the RAID level %d is neither 0 nor 10", o.Level)
	case strings.TrimSpace(o.Model) == "" || strings.Contains(o.Model, neverModel) || strings.HasPrefix("Amazon "+neverModel, o.Model):
		return nil, fmt.Errorf("the model %q would admit EBS volumes or any disk", o.Model)
	case o.Expected < 0 || o.Polls < 1:
		return nil, fmt.Errorf("expected disks %d and polls %d must be at least 0 and 1", o.Expected, o.Polls)
	}
	return &Preparer{Options: o, system: system, metrics: newMetrics(o.Metrics)}, nil
}

// path is where a path of the node is.
func (p *Preparer) path(elements ...string) string {
	return filepath.Join(append([]string{"/", p.Root}, elements...)...)
}

// A Refusal is why nothing is done. Nothing was written when one is returned.
type Refusal struct {
	Phase  Phase
	Reason string // one word for the metric
	Serial string // of the disk; "" where it is about the node
	Detail string // one sentence
}

func (r *Refusal) Error() string {
	if r.Serial == "" {
		return r.Detail
	}
	return fmt.Sprintf("disk %s: %s", r.Serial, r.Detail)
}

// Exit is the exit code for a phase.
func (p Phase) Exit() int {
	switch p {
	case Ready, NoDisks:
		return ExitOK
	case Foreign:
		return ExitForeign
	case Degraded:
		return ExitDegraded
	case ToolMissing:
		return ExitToolMissing
	case DiskMissing:
		return ExitDiskMissing
	case ReadOnly:
		return ExitReadOnly
	}
	return ExitFailed
}
