package nvme

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A loopNode has the sysfs of a fake node, and the kernel's own block devices, mkfs.xfs and mounts.
type loopNode struct {
	*fakeNode
	image  string // of the one disk
	number string // MAJOR:MINOR of its loop device
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

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// large is what XFS shows 95 % of: it keeps 64 MiB of any disk for its log. (The file is sparse.)
const large = 4 << 30

func newLoopNode(t *testing.T, size int64) *loopNode {
	t.Helper()
	needRoot(t)
	n := &loopNode{fakeNode: newNode(t), image: filepath.Join(memoryDir(t), "image")}
	n.disk("nvme1n1", Model, "LOOP1", "0:0", size)
	command(t, "truncate", "-s", fmt.Sprint(size), n.image)
	loop := command(t, "losetup", "--find", "--show", n.image)
	t.Cleanup(func() { command(t, "losetup", "--detach", loop) })
	var st unix.Stat_t
	if err := unix.Stat(loop, &st); err != nil {
		t.Fatal(err)
	}
	n.number = fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	n.write("sys/block/nvme1n1/dev", n.number+"\n")
	device := filepath.Join(n.root, "dev/nvme1n1")
	if err := os.Remove(device); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mknod(device, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		t.Fatal(err)
	}
	mountinfo := filepath.Join(n.root, "proc/1/mountinfo")
	if err := os.Remove(mountinfo); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/self/mountinfo", mountinfo); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.unmount)
	return n
}

func (n *loopNode) mount() string { return filepath.Join(n.root, Mount) }

// unmount is what a reboot does to mounts.
func (n *loopNode) unmount() {
	for unix.Unmount(n.mount(), 0) == nil {
	}
}

func (n *loopNode) prepare(t *testing.T) Outcome {
	t.Helper()
	p, err := New(Options{Mount: Mount, Filesystem: "xfs", Model: Model, Polls: 1, Root: n.root, Log: slog.New(slog.DiscardHandler), Metrics: newRegistry()}, Kernel{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Prepare(t.Context())
}

// TestLoopPrepare: blank, mkfs.xfs, mount; again; and after what a reboot leaves.
func TestLoopPrepare(t *testing.T) {
	n := newLoopNode(t, large)
	out := n.prepare(t)
	if out.Phase != Ready || out.Steps != 3 {
		t.Fatalf("%s after %d steps, %v", out.Phase, out.Steps, out.Err)
	}
	file := filepath.Join(n.mount(), Scratch, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(n.mount(), &st); err != nil || st.Flags&(unix.ST_NOSUID|unix.ST_NODEV|unix.ST_NOATIME) != unix.ST_NOSUID|unix.ST_NODEV|unix.ST_NOATIME {
		t.Errorf("flags %#x, %v; want nosuid, nodev, noatime", st.Flags, err)
	}
	if out := n.prepare(t); out.Phase != Ready || out.Steps != 0 {
		t.Errorf("again: %s after %d steps, %v", out.Phase, out.Steps, out.Err)
	}
	n.unmount()
	if out := n.prepare(t); out.Phase != Ready || out.Steps != 1 {
		t.Errorf("after a reboot: %s after %d steps, %v", out.Phase, out.Steps, out.Err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "kept" {
		t.Errorf("after a reboot the file has %q, %v", data, err)
	}
}

// TestLoopCutOff: mkfs.xfs was killed before it finished; what it left is ours, and mkfs takes the disk again
// without force.
func TestLoopCutOff(t *testing.T) {
	n := newLoopNode(t, large)
	if out := n.prepare(t); out.Phase != Ready {
		t.Fatal(out.Err)
	}
	n.unmount()
	n.put("nvme1n1", 126, "\x01") // sb_inprogress
	if out := n.prepare(t); out.Phase != Ready || out.Steps != 4 {
		t.Errorf("%s after %d steps, %v", out.Phase, out.Steps, out.Err)
	}
}

// TestLoopForeign: what real tools leave is recognised, and not a byte is written.
func TestLoopForeign(t *testing.T) {
	for tool, words := range map[string]string{"mkfs.ext4 -q -F": "holds ext4", "mkfs.xfs -q -f -K -L data": `holds xfs "data"`, "mkswap": "holds swap"} {
		t.Run(strings.Fields(tool)[0], func(t *testing.T) {
			n := newLoopNode(t, 320<<20)
			args := append(strings.Fields(tool), filepath.Join(n.root, "dev/nvme1n1"))
			command(t, args[0], args[1:]...)
			before := n.written()
			out := n.prepare(t)
			if out.Phase != Foreign || !strings.Contains(fmt.Sprint(out.Err), words) {
				t.Errorf("%s, %v; want foreign with %q", out.Phase, out.Err, words)
			}
			if after := n.written(); after != before || before == 0 {
				t.Errorf("%d sectors were written to the disk", after-before)
			}
		})
	}
}

// written is how many sectors the kernel has written to the disk since it is there (Documentation/admin-guide/iostats.rst).
func (n *loopNode) written() int {
	n.t.Helper()
	device, err := os.OpenFile(filepath.Join(n.root, "dev/nvme1n1"), os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(device.Sync(), device.Close())
	}
	stat, err2 := os.ReadFile(filepath.Join("/sys/dev/block", n.number, "stat"))
	if err := errors.Join(err, err2); err != nil {
		n.t.Fatal(err)
	}
	sectors, err := strconv.Atoi(strings.Fields(string(stat))[6])
	if err != nil {
		n.t.Fatal(err)
	}
	return sectors
}

// TestNV10OtherMountNamespace: a blank-looking disk that is in use where our mountinfo does not tell.
func TestNV10OtherMountNamespace(t *testing.T) {
	n := newLoopNode(t, large)
	device, dir := filepath.Join(n.root, "dev/nvme1n1"), t.TempDir()
	command(t, "mkfs.xfs", "-q", "-K", "-L", label, device) // even ours
	other := exec.Command("sh", "-c", `mount "$0" "$1" && echo mounted && read x`, device, dir)
	other.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(data), dir) {
		t.Errorf("our mountinfo shows the other namespace's mount (%v)", err)
	}
	if out := n.prepare(t); out.Phase != Foreign || !strings.Contains(fmt.Sprint(out.Err), "the kernel does not name") {
		t.Errorf("%s, %v", out.Phase, out.Err)
	}
	_ = in.Close()
	_ = other.Wait()
}
