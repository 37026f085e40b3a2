package csi

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestProjectQuota needs a directory on XFS that is mounted with prjquota, which not every kernel can. test/qemu runs
// it in a machine whose kernel can, on the array that nvme-prep made, and fails when it did not run.
func TestProjectQuota(t *testing.T) {
	scratch := os.Getenv("CSI_TEST_QUOTA")
	if scratch == "" {
		t.Skip("CSI_TEST_QUOTA names no directory with project quotas: test/qemu runs this")
	}
	r := newRig(t, scratch)
	a, b := r.pod(t, "a"), r.pod(t, "b")
	r.publish(t, "csi-a", a, "type=scratch", "size=10Mi")
	r.publish(t, "csi-b", b, "type=scratch", "size=20Mi")
	if r.gauge(t, "quota_enforced") != 1 {
		t.Error("the metric does not say that sizes are enforced")
	}
	var st unix.Statfs_t
	if err := unix.Statfs(a, &st); err != nil || int64(st.Blocks)*st.Frsize != 10<<20 {
		t.Errorf("df in the volume shows %d bytes, %v; want its size", int64(st.Blocks)*st.Frsize, err)
	}
	fill := func(target string, megabytes int) error {
		return os.WriteFile(filepath.Join(target, "file"), bytes.Repeat([]byte("x"), megabytes<<20), 0o644)
	}
	if err := fill(a, 8); err != nil {
		t.Errorf("8 MiB in a volume of 10: %v", err)
	}
	if err := fill(a, 12); !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		t.Errorf("12 MiB in a volume of 10: %v", err)
	}
	if err := fill(b, 18); err != nil {
		t.Errorf("18 MiB in a volume of 20 beside a full one: %v", err)
	}
	for _, v := range []struct{ id, target string }{{"csi-a", a}, {"csi-b", b}} {
		r.unpublish(t, v.id, v.target)
	}
	r.publish(t, "csi-c", a, "type=scratch", "size=30Mi") // the first project again, without the first one's limit
	if err := fill(a, 25); err != nil {
		t.Errorf("25 MiB in a volume of 30: %v", err)
	}
	r.unpublish(t, "csi-c", a)
	if left := r.stored(t); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
