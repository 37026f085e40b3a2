package csi

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/fusiongen/fusiongen/fuseimage/internal/transcript"
	"github.com/moby/sys/mountinfo"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A rig is a driver on a kubelet's directory and a real filesystem of the test's own.
type rig struct {
	*Driver
	log      *transcript.Buffer
	registry *prometheus.Registry
}

func needRoot(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs root, mounts and a loop device")
	}
	if os.Getuid() != 0 {
		t.Fatal("needs root; go test -short leaves it out")
	}
}

// disk makes a filesystem in a file and mounts it through a loop device. What the test leaves mounted fails it.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	needRoot(t)
	image, dir := filepath.Join(t.TempDir(), "disk"), filepath.Join(t.TempDir(), "scratch")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	command(t, "truncate", "-s", fmt.Sprintf("%dM", megabytes), image)
	command(t, "mkfs.xfs", "-q", image)
	command(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { command(t, "umount", dir) })
	return dir
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func newRig(t *testing.T, scratch string) *rig {
	t.Helper()
	kubelet := t.TempDir()
	if err := os.Mkdir(filepath.Join(kubelet, "pods"), 0o750); err != nil {
		t.Fatal(err)
	}
	r := &rig{log: &transcript.Buffer{}, registry: prometheus.NewRegistry()}
	d, err := New(Options{Name: Name, Node: "node1", Version: "test", Kubelet: kubelet, Scratch: scratch, Runtime: "/bin/sh",
		Log: slog.New(slog.NewJSONHandler(r.log, nil)), Metrics: r.registry})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.runtime.install(); err != nil {
		t.Fatal(err)
	}
	d.every = 20 * time.Millisecond
	r.Driver = d
	t.Cleanup(func() { noneMounted(t, kubelet) })
	return r
}

// noneMounted fails the test for each mount below dir, and takes it off.
func noneMounted(t *testing.T, dir string) {
	t.Helper()
	for _, m := range mountsBelow(t, dir) {
		t.Errorf("left mounted: %s", m)
		_ = unix.Unmount(m, unix.MNT_DETACH)
	}
}

func mountsBelow(t *testing.T, dir string) []string {
	t.Helper()
	all, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range all {
		if m.Mountpoint != dir {
			out = append(out, m.Mountpoint)
		}
	}
	return out
}

// pod makes the directory that the kubelet makes before it asks for a volume, and returns the target.
func (r *rig) pod(t *testing.T, uid string) string {
	t.Helper()
	dir := filepath.Join(r.Kubelet, "pods", uid, "volumes/kubernetes.io~csi/v")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "mount")
}

func ask(id, target string, attributes ...string) *spec.NodePublishVolumeRequest {
	out := &spec.NodePublishVolumeRequest{VolumeId: id, TargetPath: target, VolumeContext: map[string]string{
		fromKubelet + "ephemeral": "true", fromKubelet + "pod.name": "p", fromKubelet + "pod.namespace": "n"},
		VolumeCapability: &spec.VolumeCapability{AccessType: &spec.VolumeCapability_Mount{Mount: &spec.VolumeCapability_MountVolume{}},
			AccessMode: &spec.VolumeCapability_AccessMode{Mode: spec.VolumeCapability_AccessMode_SINGLE_NODE_WRITER}}}
	for _, a := range attributes {
		name, value, _ := strings.Cut(a, "=")
		out.VolumeContext[name] = value
	}
	return out
}

func (r *rig) publish(t *testing.T, id, target string, attributes ...string) {
	t.Helper()
	if _, err := r.NodePublishVolume(context.Background(), ask(id, target, attributes...)); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) unpublish(t *testing.T, id, target string) {
	t.Helper()
	if _, err := r.NodeUnpublishVolume(context.Background(), &spec.NodeUnpublishVolumeRequest{VolumeId: id, TargetPath: target}); err != nil {
		t.Fatal(err)
	}
}

// refuses wants a call to fail with a code and words, and to leave nothing behind.
func (r *rig) refuses(t *testing.T, request *spec.NodePublishVolumeRequest, code codes.Code, words string) {
	t.Helper()
	_, err := r.NodePublishVolume(context.Background(), request)
	if status.Code(err) != code || !strings.Contains(fmt.Sprint(err), words) {
		t.Errorf("%v gives %v; want %v with %q", request.VolumeContext, err, code, words)
	}
	if request.TargetPath != "" && exists(request.TargetPath) {
		t.Errorf("a refused call left %s", request.TargetPath)
	}
}

// stored lists the store.
func (r *rig) stored(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.Scratch, storeName))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func (r *rig) gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == MetricsNamespace+"_"+name {
			return f.Metric[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}
