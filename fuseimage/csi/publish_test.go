package csi

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
)

func TestScratchVolume(t *testing.T) {
	r := newRig(t, disk(t, 320))
	target := r.pod(t, "uid1")
	for range 2 { // asked twice, done once
		r.publish(t, "csi-1", target, "type=scratch")
	}
	if got := mountsBelow(t, r.Kubelet); len(got) != 1 || got[0] != target {
		t.Fatalf("mounted: %v, want %s once", got, target)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(target, &st); err != nil || st.Flags&(unix.ST_NOSUID|unix.ST_NODEV) != unix.ST_NOSUID|unix.ST_NODEV || st.Flags&unix.ST_RDONLY != 0 {
		t.Errorf("flags %#x, %v; want nosuid, nodev, writable", st.Flags, err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("the volume has mode %v, %v", info.Mode(), err)
	}
	if out, err := asUser(target, "umask 077; echo secret >file"); err != nil {
		t.Errorf("uid 1000 cannot write: %v %s", err, out)
	}

	for range 2 {
		r.unpublish(t, "csi-1", target)
	}
	if exists(target) || len(r.stored(t)) != 0 {
		t.Errorf("left: %s %v, %v", target, exists(target), r.stored(t))
	}
	r.publish(t, "csi-1", target, "type=scratch")
	if entries, err := os.ReadDir(target); err != nil || len(entries) != 0 {
		t.Errorf("a new volume has %v, %v", entries, err)
	}
	r.unpublish(t, "csi-1", target)
}

// asUser runs a shell command as uid 1000 in a directory that only root may have a way to.
func asUser(dir, script string) (string, error) {
	cmd := exec.Command("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestOthersCannotEnter: a user finds no way to volumes other than the mount, and the kernel lets root alone in.
func TestOthersCannotEnter(t *testing.T) {
	r := newRig(t, disk(t, 320))
	target := r.pod(t, "uid1")
	r.publish(t, "csi-1", target, "type=scratch")
	defer r.unpublish(t, "csi-1", target)
	if out, err := asUser(r.Scratch, "ls . && ls csi"); err == nil || !strings.HasPrefix(out, "csi") || !strings.Contains(out, "Permission denied") {
		t.Errorf("uid 1000 lists the store: %s %v", out, err)
	}
	if out, err := asUser(r.Scratch, "ls csi/csi-1/data"); err == nil {
		t.Errorf("uid 1000 lists a volume: %s", out)
	}
}

func TestRuntimeVolume(t *testing.T) {
	needRoot(t)
	r := newRig(t, "/nonexistent/scratch") // needs no disk
	target := r.pod(t, "uid1")
	for range 2 {
		r.publish(t, "csi-rt", target, "type=runtime")
	}
	if got := mountsBelow(t, r.Kubelet); len(got) != 1 {
		t.Fatalf("mounted: %v, want one", got)
	}
	if out, err := exec.Command(target, "-c", "echo runs").CombinedOutput(); err != nil || string(out) != "runs\n" {
		t.Errorf("the runtime gives %q, %v", out, err)
	}
	if err := os.WriteFile(target, nil, 0); !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("writing gives %v", err)
	}

	// An update leaves the running pod's program alone, and goes once the pod has gone.
	first := r.runtime.path
	r.runtime.source = "/bin/true"
	if err := r.runtime.install(); err != nil {
		t.Fatal(err)
	}
	if err := r.runtime.prune(); err != nil || !exists(first) {
		t.Fatalf("the runtime of a running pod was removed (%v)", err)
	}
	r.publish(t, "csi-rt", target, "type=runtime") // the kubelet may ask again after its restart
	if !same(first, target) {
		t.Error("the program of a running pod changed")
	}
	r.unpublish(t, "csi-rt", target)
	if err := r.runtime.prune(); err != nil || exists(first) || !exists(r.runtime.path) {
		t.Errorf("after the last pod: old there %v, new there %v, %v", exists(first), exists(r.runtime.path), err)
	}
	if exists(target) {
		t.Error("the target is left")
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t, "/nonexistent/scratch")
	target := filepath.Join(r.Kubelet, "pods/u/volumes/kubernetes.io~csi/v/mount")
	block := ask("v", target, "type=scratch")
	block.VolumeCapability.AccessType = &spec.VolumeCapability_Block{Block: &spec.VolumeCapability_BlockVolume{}}
	none := ask("v", target, "type=scratch")
	none.VolumeCapability = nil
	for words, request := range map[string]*spec.NodePublishVolumeRequest{
		"the volume id is missing":                   ask("", target, "type=scratch"),
		"the target path is missing":                 ask("v", "", "type=scratch"),
		"the volume capability is missing":           none,
		"no block devices":                           block,
		"not below":                                  ask("v", "/etc/x", "type=scratch"),
		"/../../../etc is not below":                 ask("v", r.Kubelet+"/pods/../../../etc", "type=scratch"),
		"has characters other than":                  ask("../v", target, "type=scratch"),
		"\".new-x\" has characters":                  ask(".new-x", target, "type=scratch"),
		"it must be \"scratch\" or \"runtime\"":      ask("v", target),
		"type is \"disk\"":                           ask("v", target, "type=disk"),
		"no attribute \"Size\" for a scratch volume": ask("v", target, "type=scratch", "Size=1Gi"),
		"no attribute \"size\" for a runtime volume": ask("v", target, "type=runtime", "size=1Gi"),
		"size is \"big\"":                            ask("v", target, "type=scratch", "size=big"),
		"size is \"0\"":                              ask("v", target, "type=scratch", "size=0"),
		"size is \"-1Gi\"":                           ask("v", target, "type=scratch", "size=-1Gi"),
		"enforce is \"no\"":                          ask("v", target, "type=scratch", "enforce=no"),
		"only ephemeral inline volumes":              ask("v", target, "type=scratch", fromKubelet+"ephemeral=false"),
	} {
		r.refuses(t, request, codes.InvalidArgument, words)
	}
	r.refuses(t, ask("v", target, "type=scratch"), codes.Unavailable, "its disk is not prepared")
	if r.gauge(t, "scratch_ready") != 0 {
		t.Error("the metric says that the disk is ready")
	}
	if _, err := r.NodeUnpublishVolume(context.Background(), &spec.NodeUnpublishVolumeRequest{VolumeId: "v", TargetPath: "/etc"}); err == nil {
		t.Error("unpublish of /etc is not refused")
	}
}

// TestBusy: a second call for a volume that is being worked on is told to come again.
func TestBusy(t *testing.T) {
	r := newRig(t, "/nonexistent/scratch")
	r.lock("csi-1")
	r.refuses(t, ask("csi-1", filepath.Join(r.Kubelet, "pods/u/v/mount"), "type=scratch"), codes.Aborted, "under way")
}

// TestFailedMountLeavesNothing: the kubelet does not unpublish what it could not publish.
func TestFailedMountLeavesNothing(t *testing.T) {
	r := newRig(t, disk(t, 320))
	target := r.pod(t, "uid1")
	if err := os.MkdirAll(filepath.Join(target, "content"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := r.NodePublishVolume(context.Background(), ask("csi-1", target, "type=scratch"))
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a target with content gives %v", err)
	}
	if !exists(filepath.Join(target, "content")) {
		t.Error("what was at the target was deleted")
	}
}

// TestForeignMountInside: what someone mounted in a volume is not deleted with it.
func TestForeignMountInside(t *testing.T) {
	r := newRig(t, disk(t, 320))
	target := r.pod(t, "uid1")
	r.publish(t, "csi-1", target, "type=scratch")
	inside := filepath.Join(r.Scratch, storeName, "csi-1/data/inside")
	treasure := t.TempDir()
	for _, dir := range []string{inside, filepath.Join(treasure, "kept")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Under removal already, as after a first try: the rename of a directory with a mount inside works.
	command(t, "mount", "--bind", treasure, inside)
	_, err := r.NodeUnpublishVolume(context.Background(), &spec.NodeUnpublishVolumeRequest{VolumeId: "csi-1", TargetPath: target})
	if err == nil || !strings.Contains(err.Error(), "something is mounted inside it") {
		t.Errorf("unpublish gives %v", err)
	}
	if !exists(filepath.Join(treasure, "kept")) {
		t.Fatal("the foreign files were deleted")
	}
	command(t, "umount", treasureAt(t, r))
	r.unpublish(t, "csi-1", target)
	if got := r.stored(t); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func treasureAt(t *testing.T, r *rig) string {
	t.Helper()
	got := mountsBelow(t, filepath.Join(r.Scratch, storeName))
	if len(got) != 1 {
		t.Fatalf("mounts in the store: %v", got)
	}
	return got[0]
}
