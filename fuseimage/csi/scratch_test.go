package csi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestNoQuota: where the kernel cannot hold a volume to its size, the driver says so and refuses, unless the pod
// takes it as it is. (The other half, a kernel that can, is the virtual machine's test.)
func TestNoQuota(t *testing.T) {
	r := newRig(t, disk(t, 320))
	if _, err := projectQuota(r.Scratch); err == nil {
		t.Fatal("a filesystem mounted without prjquota has project quotas")
	}
	target := r.pod(t, "uid1")
	r.refuses(t, ask("csi-1", target, "type=scratch", "size=10Mi"), codes.FailedPrecondition, `set "enforce" to "false"`)
	if r.gauge(t, "quota_enforced") != 0 || !strings.Contains(r.log.String(), "cannot be held to their size") {
		t.Errorf("neither metric nor log say so: %s", r.log)
	}
	if got := r.stored(t); len(got) != 0 {
		t.Errorf("a refused volume left %v", got)
	}
	r.publish(t, "csi-1", target, "type=scratch", "size=10Mi", "enforce=false")
	r.unpublish(t, "csi-1", target)
}

// TestCapacity: what is promised never exceeds the disk, whoever asks at once.
func TestCapacity(t *testing.T) {
	r := newRig(t, disk(t, 320))
	total, _, err := space(r.Scratch)
	if err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for n := range 20 {
		target := r.pod(t, fmt.Sprint("uid", n))
		callers.Go(func() {
			_, err := r.NodePublishVolume(context.Background(), ask(fmt.Sprint("csi-", n), target, "type=scratch", "size=50Mi", "enforce=false"))
			if err != nil && status.Code(err) != codes.ResourceExhausted {
				t.Errorf("volume %d: %v", n, err)
			}
		})
	}
	callers.Wait()
	if got, want := len(r.stored(t)), int(total/(50<<20)); got != want {
		t.Errorf("%d volumes of 50 MiB were made on a disk of %d bytes, want %d", got, total, want)
	}
	r.refuses(t, ask("csi-x", r.pod(t, "x"), "type=scratch", "size=1Ti", "enforce=false"), codes.ResourceExhausted, "promised to other volumes")
	for n := range 20 {
		r.unpublish(t, fmt.Sprint("csi-", n), r.pod(t, fmt.Sprint("uid", n)))
	}
	r.publish(t, "csi-x", r.pod(t, "x"), "type=scratch", "size=200Mi", "enforce=false") // the room is back
	r.unpublish(t, "csi-x", r.pod(t, "x"))
}

// TestOtherSize: a volume that is there is not quietly another one.
func TestOtherSize(t *testing.T) {
	r := newRig(t, disk(t, 320))
	target := r.pod(t, "uid1")
	r.publish(t, "csi-1", target, "type=scratch", "size=10Mi", "enforce=false")
	_, err := r.NodePublishVolume(context.Background(), ask("csi-1", target, "type=scratch", "size=20Mi", "enforce=false"))
	if status.Code(err) != codes.AlreadyExists {
		t.Errorf("another size gives %v", err)
	}
	r.unpublish(t, "csi-1", target)
}

// pretended is a quota that remembers.
type pretended struct {
	mu     sync.Mutex
	limits map[uint32]int64 // guarded by mu
}

func (q *pretended) limit(_ string, project uint32, size int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, taken := q.limits[project]; taken {
		return fmt.Errorf("project %d is taken", project)
	}
	q.limits[project] = size
	return nil
}

func (q *pretended) clear(_ string, project uint32) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.limits, project)
	return nil
}

// TestProjects: each volume with a size has a project of its own, also after a restart, and gives it back.
func TestProjects(t *testing.T) {
	scratch := disk(t, 320)
	q := &pretended{limits: map[uint32]int64{}}
	r := newRig(t, scratch)
	r.scratch.detect = func(string) (quota, error) { return q, nil }
	for n := range 3 {
		r.publish(t, fmt.Sprint("csi-", n), r.pod(t, fmt.Sprint(n)), "type=scratch", "size=10Mi")
	}
	r.publish(t, "csi-free", r.pod(t, "free"), "type=scratch")
	again := newRig(t, scratch) // a new process
	again.Kubelet = r.Kubelet
	again.scratch.detect = r.scratch.detect
	again.unpublish(t, "csi-1", r.pod(t, "1"))
	again.publish(t, "csi-3", r.pod(t, "3"), "type=scratch", "size=5000")
	if len(q.limits) != 3 || q.limits[firstProject+1] != 8192 {
		t.Errorf("limits are %v", q.limits)
	}
	for _, n := range []string{"0", "2", "3", "free"} {
		again.unpublish(t, "csi-"+n, r.pod(t, n))
	}
	if len(q.limits) != 0 {
		t.Errorf("projects are left: %v", q.limits)
	}
}

// TestSweep: what a kill left half made or half removed is gone after the next look; volumes stay.
func TestSweep(t *testing.T) {
	scratch := disk(t, 320)
	r := newRig(t, scratch)
	target := r.pod(t, "uid1")
	r.publish(t, "csi-1", target, "type=scratch")
	for _, half := range []string{".new-a", ".gone-b"} {
		if err := os.MkdirAll(filepath.Join(scratch, storeName, half, "data/deep"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(scratch, storeName, ".new-a/volume"), []byte(`{"tar`), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newRig(t, scratch)
	again.Kubelet = r.Kubelet
	again.tidy()
	if got := again.stored(t); len(got) != 1 || got[0] != "csi-1" {
		t.Errorf("the store has %v, want csi-1", got)
	}
	again.unpublish(t, "csi-1", target)
}

// TestForgottenPod: the kubelet lost a pod (its directory is gone, as after a wiped node); so goes its volume.
func TestForgottenPod(t *testing.T) {
	r := newRig(t, disk(t, 320))
	kept, lost := r.pod(t, "kept"), r.pod(t, "lost")
	r.publish(t, "csi-kept", kept, "type=scratch")
	r.publish(t, "csi-lost", lost, "type=scratch")
	if err := unmountAll(lost); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(r.Kubelet, "pods/lost")); err != nil {
		t.Fatal(err)
	}
	r.tidy()
	if got := r.stored(t); len(got) != 1 || got[0] != "csi-kept" {
		t.Errorf("the store has %v, want csi-kept", got)
	}
	if err := os.Rename(filepath.Join(r.Kubelet, "pods"), filepath.Join(r.Kubelet, "elsewhere")); err == nil {
		r.tidy() // without the kubelet's directory nothing is known
		if got := r.stored(t); len(got) != 1 {
			t.Errorf("without the kubelet's directory the store has %v", got)
		}
		if err := os.Rename(filepath.Join(r.Kubelet, "elsewhere"), filepath.Join(r.Kubelet, "pods")); err != nil {
			t.Fatal(err)
		}
	}
	r.unpublish(t, "csi-kept", kept)
}

// TestStoreOfAnother: a pod with the scratch directory as its hostPath may have been first.
func TestStoreOfAnother(t *testing.T) {
	needRoot(t)
	for name, prepare := range map[string]func(string) error{
		"a link":       func(store string) error { return os.Symlink(t.TempDir(), store) },
		"open to all":  func(store string) error { return os.Mkdir(store, 0o755) },
		"of a user":    func(store string) error { return errors.Join(os.Mkdir(store, 0o700), os.Chown(store, 1000, 1000)) },
		"no directory": func(store string) error { return os.WriteFile(store, nil, 0o600) },
	} {
		scratch := t.TempDir()
		if err := prepare(filepath.Join(scratch, storeName)); err != nil {
			t.Fatal(err)
		}
		r := newRig(t, scratch)
		_, err := r.NodePublishVolume(context.Background(), ask("csi-1", r.pod(t, "1"), "type=scratch"))
		if err == nil || !strings.Contains(err.Error(), "only root can enter") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
