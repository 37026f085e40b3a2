package nvme

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// A fakeNode is a node's /sys, /dev and /proc below a directory, and what mdadm, mkfs and mount would do to them.
// Disks are sparse files. It records what changes the node, and can be killed before or in the middle of any of it.
type fakeNode struct {
	t    *testing.T
	root string

	ran     []string // mutating calls, in order
	killAt  int      // the call to be killed in, from 1; 0: none
	midway  bool     // killed after half of the effect, instead of before it
	missing string   // a tool that the node has not
	broken  string   // a tool that fails
	busy    string   // a device that somebody has open
	kind    int64    // filesystem's magic that is mounted
	noQuota bool     // a kernel without XFS_QUOTA
	arrays  int      // made so far, for uuids
}

var errKilled = errors.New("killed")

const diskSize = 3 << 20

func newNode(t *testing.T) *fakeNode {
	t.Helper()
	n := &fakeNode{t: t, root: memoryDir(t), kind: unix.XFS_SUPER_MAGIC}
	n.write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
	n.write("proc/1/mountinfo", fmt.Sprintf("20 1 259:0 / %s rw - xfs /dev/nvme0n1 rw\n", n.root))
	n.disk("nvme0n1", "Amazon Elastic Block Store", "vol0001", "259:0", diskSize)
	return n
}

// memoryDir is a temporary directory on a tmpfs where there is one: these tests wait for fsync otherwise.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "nvme-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (n *fakeNode) write(path, content string) {
	n.t.Helper()
	path = filepath.Join(n.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// disk adds one, blank. The kernel pads models and serials with spaces.
func (n *fakeNode) disk(name, model, serial, number string, size int64) {
	n.t.Helper()
	for file, content := range map[string]string{"device/model": model + "          ", "device/serial": serial + "  ", "dev": number, "size": fmt.Sprint(size / 512), "ro": "0", "hidden": "0"} {
		n.write("sys/block/"+name+"/"+file, content+"\n")
	}
	n.write("dev/"+name, "")
	if err := os.Truncate(filepath.Join(n.root, "dev", name), size); err != nil {
		n.t.Fatal(err)
	}
}

// stores adds k blank instance-store disks, nvme1n1 and on, with serials AWS1 and on.
func (n *fakeNode) stores(k int) *fakeNode {
	n.t.Helper()
	for i := range k {
		n.disk(fmt.Sprintf("nvme%dn1", i+1), Model, fmt.Sprintf("AWS%d", i+1), fmt.Sprintf("259:%d", i+1), diskSize)
	}
	return n
}

// put writes bytes to a device.
func (n *fakeNode) put(name string, offset int64, data string) {
	n.t.Helper()
	f, err := os.OpenFile(filepath.Join(n.root, "dev", name), os.O_WRONLY, 0)
	if err == nil {
		if offset < 0 {
			info, _ := f.Stat()
			offset += info.Size()
		}
		_, err = f.WriteAt([]byte(data), offset)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *fakeNode) prepare(change ...func(*Options)) Outcome {
	n.t.Helper()
	return n.preparer(change...).Prepare(context.Background())
}

func (n *fakeNode) preparer(change ...func(*Options)) *Preparer {
	n.t.Helper()
	o := Options{Mount: Mount, Filesystem: "xfs", Model: Model, Polls: 1, Root: n.root, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()}
	for _, c := range change {
		c(&o)
	}
	p, err := New(o, n)
	if err != nil {
		n.t.Fatal(err)
	}
	return p
}

// step records a change. It panics with errKilled where the process is to die before it, and reports whether the
// process dies in its midst.
func (n *fakeNode) step(call string) (dieMidway bool) {
	n.ran = append(n.ran, call)
	if n.killAt == len(n.ran) {
		if n.midway {
			return true
		}
		panic(errKilled)
	}
	return false
}

func (n *fakeNode) Run(_ context.Context, name string, args ...string) error {
	if name == n.missing {
		return fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	if name == n.broken {
		return fmt.Errorf("%s: exit status 1", name)
	}
	die := n.step(name + " " + strings.Join(args, " "))
	var devices []string
	for _, a := range args {
		if path, is := strings.CutPrefix(a, filepath.Join(n.root, "dev")+"/"); is {
			devices = append(devices, path)
		}
	}
	switch {
	case name == "mkfs.xfs":
		n.put(devices[0], 0, "XFSB")
		n.put(devices[0], 108, label)
		n.put(devices[0], 126, "\x01")
		if die {
			panic(errKilled)
		}
		n.put(devices[0], 126, "\x00")
	case name == "mkfs.ext4":
		n.put(devices[0], 0x438, "\x53\xef")
		n.put(devices[0], 0x478, label)
	case args[0] == "--create":
		n.arrays++
		for i, d := range devices {
			if die && i == 1 {
				panic(errKilled)
			}
			n.put(d, 4096, member(n.arrays, "any:"+arrayName, len(devices)))
		}
		n.assemble(devices)
	case args[0] == "--assemble":
		n.assemble(devices)
	case args[0] == "--stop":
		n.forget()
	case args[0] == "--zero-superblock":
		n.put(devices[0], 4096, string(make([]byte, 256)))
	default:
		n.t.Errorf("an unknown command: %s %v", name, args)
	}
	if die {
		panic(errKilled)
	}
	return nil
}

// member is an md superblock of version 1.2.
func member(uuid int, name string, disks int) string {
	b := make([]byte, 256)
	copy(b, mdMagic)
	b[16] = byte(uuid)
	copy(b[32:64], name)
	binary.LittleEndian.PutUint32(b[92:], uint32(disks))
	return string(b)
}

// assemble is the kernel's part: a new md device, called as it likes.
func (n *fakeNode) assemble(devices []string) {
	n.write("sys/block/md127/dev", "9:127\n")
	n.write("sys/block/md127/size", fmt.Sprintln(int64(len(devices))*diskSize/512))
	n.write("sys/block/md127/md/array_state", "clean\n")
	for _, d := range devices {
		n.write("sys/block/md127/slaves/"+d, "")
		n.write("sys/block/"+d+"/holders/md127", "")
	}
	if _, err := os.Stat(filepath.Join(n.root, "dev/md127")); err != nil {
		n.write("dev/md127", "")
		if err := os.Truncate(filepath.Join(n.root, "dev/md127"), int64(len(devices))*diskSize); err != nil {
			n.t.Fatal(err)
		}
	}
}

// forget takes the md device away, as a reboot does; what it holds stays on the disks.
func (n *fakeNode) forget() {
	_ = os.RemoveAll(filepath.Join(n.root, "sys/block/md127"))
	holders, _ := filepath.Glob(filepath.Join(n.root, "sys/block/*/holders"))
	for _, h := range holders {
		_ = os.RemoveAll(h)
	}
}

// reboot loses mounts and assembled arrays, and what was in the mounted directory is on the disk, not in the path.
func (n *fakeNode) reboot() {
	n.forget()
	n.write("proc/1/mountinfo", fmt.Sprintf("20 1 259:0 / %s rw - xfs /dev/nvme0n1 rw\n", n.root))
	_ = os.RemoveAll(filepath.Join(n.root, Mount))
}

func (n *fakeNode) Mount(device, dir, filesystem string, _ uintptr, data string) error {
	if n.noQuota && data == "prjquota" {
		return unix.EINVAL
	}
	die := n.step(fmt.Sprintf("mount %s %s %s %s", device, dir, filesystem, data))
	number, err := os.ReadFile(filepath.Join(n.root, "sys/block", filepath.Base(device), "dev"))
	if err != nil {
		n.t.Fatal(err)
	}
	n.addMount(strings.TrimSpace(string(number)), dir, filesystem, device)
	if die {
		panic(errKilled)
	}
	return nil
}

func (n *fakeNode) addMount(number, dir, filesystem, device string) {
	old, _ := os.ReadFile(filepath.Join(n.root, "proc/1/mountinfo"))
	n.write("proc/1/mountinfo", string(old)+fmt.Sprintf("30 20 %s / %s rw - %s %s rw\n", number, dir, filesystem, device))
}

func (n *fakeNode) Claim(device, _ string) error {
	if filepath.Base(device) == n.busy {
		return unix.EBUSY
	}
	return nil
}

func (n *fakeNode) Erase(device string) error {
	die := n.step("erase " + device)
	n.put(filepath.Base(device), 0, string(make([]byte, 4096)))
	if die {
		panic(errKilled)
	}
	return nil
}

func (n *fakeNode) Space(string) (kind, total, free int64, err error) {
	disks, _ := filepath.Glob(filepath.Join(n.root, "sys/block/nvme*/device/model"))
	for _, d := range disks {
		if model, _ := os.ReadFile(d); strings.HasPrefix(string(model), Model) {
			total += diskSize
		}
	}
	return n.kind, total - total/100, total / 2, nil
}

// killed runs a preparation that dies at a call, and reports whether it got there.
func (n *fakeNode) killed(at int, midway bool) (died bool) {
	n.t.Helper()
	n.killAt, n.midway = at, midway
	defer func() {
		n.killAt, n.midway = 0, false
		if r := recover(); r != nil {
			if r != any(errKilled) {
				panic(r)
			}
			died = true
		}
	}()
	n.prepare()
	return false
}

// ready fails the test unless the preparation gets there with so many steps.
func (n *fakeNode) ready(steps int, change ...func(*Options)) {
	n.t.Helper()
	out := n.prepare(change...)
	if out.Phase != Ready || out.Err != nil || steps >= 0 && out.Steps != steps {
		n.t.Fatalf("%s after %d steps, %v; want ready after %d\n%s", out.Phase, out.Steps, out.Err, steps, strings.Join(n.ran, "\n"))
	}
}

// refused fails the test unless nothing was done, for the reason.
func (n *fakeNode) refused(phase Phase, words string, change ...func(*Options)) {
	n.t.Helper()
	before, ran := n.bytes(), len(n.ran)
	out := n.prepare(change...)
	if out.Phase != phase || !strings.Contains(fmt.Sprint(out.Err), words) {
		n.t.Errorf("%s, %v; want %s with %q", out.Phase, out.Err, phase, words)
	}
	if len(n.ran) != ran {
		n.t.Errorf("a refusal did %v", n.ran[ran:])
	}
	if !slices.Equal(before, n.bytes()) {
		n.t.Error("a refusal wrote to a disk")
	}
}

// bytes tell each device's content apart.
func (n *fakeNode) bytes() []string {
	files, _ := filepath.Glob(filepath.Join(n.root, "dev/*"))
	var out []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			n.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %x", filepath.Base(f), sha256.Sum256(data)))
	}
	return out
}
