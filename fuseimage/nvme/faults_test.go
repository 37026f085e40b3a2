package nvme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// TestFaults: each thing that is wrong with a node is a phase in the metrics, one line of the log with the disks' serials,
// and an exit code; and no byte is written to a disk that is not ours.
func TestFaults(t *testing.T) {
	foreign := func(kind string, offset int64, data string) func(*fakeNode) {
		return func(n *fakeNode) { n.put("nvme2n1", offset, data) }
	}
	for name, c := range map[string]struct {
		fault   func(*fakeNode)
		options func(*Options)
		phase   Phase
		reason  string // of the metric; "" where nothing was refused, but something failed
		code    int
		says    string
	}{
		"a disk vanishes":            {func(n *fakeNode) { os.Remove(filepath.Join(n.root, "dev/nvme2n1")) }, nil, DiskMissing, "vanished", 6, "disk AWS2: went away"},
		"fewer disks than expected":  {nil, func(o *Options) { o.Expected = 3 }, DiskMissing, "disk_count", 6, "there are 2 instance-store disks, 3 are expected"},
		"a filesystem of others":     {foreign("ext4", 0x438, "\x53\xef"), nil, Foreign, "content", 3, "disk AWS2: holds ext4"},
		"an array of others":         {foreign("md", 4096, member(9, "any:data", 2)), nil, Foreign, "content", 3, "disk AWS2: holds md"},
		"another provider's array":   {foreign("md", 4096, member(9, "any:ephemeral", 2)), nil, Foreign, "content", 3, "Bottlerocket made it"},
		"a half-made array of ours":  {foreign("md", 4096, member(9, "any:"+arrayName, 2)), nil, Degraded, "incomplete", 4, "not one whole array"},
		"a disk that someone has":    {func(n *fakeNode) { n.busy = "nvme2n1" }, nil, Foreign, "busy", 3, "disk AWS2: is in use"},
		"no mdadm":                   {func(n *fakeNode) { n.missing = "mdadm" }, nil, ToolMissing, "", 5, "mdadm"},
		"mdadm fails":                {func(n *fakeNode) { n.broken = "mdadm" }, nil, Failed, "", 2, "exit status 1"},
		"something at the mount":     {func(n *fakeNode) { n.write("mnt/fusion/file", "") }, nil, Foreign, "mount_point", 3, "is not empty"},
		"the policy is never":        {nil, func(o *Options) { o.NeverWrite = true }, Foreign, "policy", 3, "wipe policy is never"},
		"no directory for the mount": {func(n *fakeNode) { n.write("mnt", "a file") }, nil, Failed, "", 2, "mnt"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t).stores(2)
			n.disk("nvme3n1", "Amazon Elastic Block Store", "vol0002", "259:3", diskSize) // as large as the others, and named like them
			if c.fault != nil {
				c.fault(n)
			}
			told(t, n, c.options, c.phase, c.reason, c.code, c.says)
		})
	}
}

// TestReadOnlyHost: nothing is made on the disks where the node takes no mount point.
func TestReadOnlyHost(t *testing.T) {
	needRoot(t)
	n := newNode(t).stores(2)
	place := filepath.Join(n.root, "mnt")
	if err := os.Mkdir(place, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", place, "tmpfs", unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(place, 0) })
	told(t, n, nil, ReadOnly, "", 7, "read-only file system")
}

// told prepares a node and compares what metrics, log and exit code say, and the disks before and after.
func told(t *testing.T, n *fakeNode, options func(*Options), phase Phase, reason string, code int, says string) {
	t.Helper()
	log, registry := &bytes.Buffer{}, prometheus.NewRegistry()
	o := Options{Mount: Mount, Filesystem: "xfs", Model: Model, Polls: 1, Root: n.root, Log: slog.New(slog.NewJSONHandler(log, nil)), Metrics: registry}
	if options != nil {
		options(&o)
	}
	p, err := New(o, n)
	if err != nil {
		t.Fatal(err)
	}
	before := n.bytes()
	out := p.Prepare(t.Context())
	log.Reset()
	out.Tell(o.Log)
	if out.Phase != phase || out.Phase.Exit() != code || !strings.Contains(fmt.Sprint(out.Err), says) {
		t.Errorf("%s with exit code %d: %v; want %s, %d and %q", out.Phase, out.Phase.Exit(), out.Err, phase, code, says)
	}
	if sample(t, registry, "state", string(phase)) != 1 || sample(t, registry, "state", "") != 1 {
		t.Errorf("the state in the metrics is not %s alone", phase)
	}
	if refused := sample(t, registry, "refused", ""); reason != "" && sample(t, registry, "refused", reason) != 1 || reason == "" && refused != 0 {
		t.Errorf("the reason in the metrics is not %q", reason)
	}
	var line struct {
		Event, Error string
		Serials      []string
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Event != "NotReady" || !strings.Contains(line.Error, says) || !slices.Equal(line.Serials, []string{"AWS1", "AWS2"}) {
		t.Errorf("the log says %s (%v)", log, err)
	}
	if !slices.Equal(before, n.bytes()) {
		t.Error("a disk was written to")
	}
}
