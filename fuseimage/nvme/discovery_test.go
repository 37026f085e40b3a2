package nvme

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestNV01OnlyInstanceStore(t *testing.T) {
	n := newNode(t)
	// EBS volumes of the size and with the kernel names that instance store has elsewhere.
	n.disk("nvme1n1", "Amazon Elastic Block Store", "vol1", "259:1", diskSize)
	n.disk("nvme2n1", "Samsung SSD", "S1", "259:2", diskSize)
	n.disk("nvme3n1", Model, "", "259:3", diskSize) // without a serial
	if out := n.prepare(); out.Phase != NoDisks || len(n.ran) != 0 {
		t.Errorf("%s, ran %v", out.Phase, n.ran)
	}
	n.disk("nvme4n1", Model+" 2", "AWS1", "259:4", diskSize)
	n.ready(3)
	for _, model := range []string{"", " ", "Amazon", "Amazon ", "Amazon Elastic", "Amazon Elastic Block Store", "x Elastic Block Store"} {
		if _, err := New(Options{Mount: Mount, Filesystem: "xfs", Model: model, Polls: 1, Metrics: newRegistry()}, n); err == nil {
			t.Errorf("the model %q is taken; it admits EBS", model)
		}
	}
}

// plan is the bytes that --dry-run prints.
func (n *fakeNode) plan(change ...func(*Options)) string {
	n.t.Helper()
	ran := len(n.ran)
	data, err := json.MarshalIndent(n.preparer(change...).Plan(n.t.Context()), "", "  ")
	if err != nil {
		n.t.Fatal(err)
	}
	if len(n.ran) != ran {
		n.t.Errorf("a plan did %v", n.ran[ran:])
	}
	return string(data)
}

func TestNV02OrderBySerial(t *testing.T) {
	a, b := newNode(t), newNode(t)
	a.disk("nvme1n1", Model, "AWS1", "259:1", diskSize)
	a.disk("nvme2n1", Model, "AWS2", "259:2", diskSize)
	b.disk("nvme1n1", Model, "AWS2", "259:7", diskSize)
	b.disk("nvme5n1", Model, "AWS1", "259:3", diskSize)
	if a.plan() != b.plan() {
		t.Errorf("other kernel names, other plan:\n%s\n%s", a.plan(), b.plan())
	}
	b.ready(4)
	if want := "dev/nvme5n1 " + b.root + "/dev/nvme1n1"; !strings.HasSuffix(b.ran[0], want) {
		t.Errorf("ran %s; want the disks in the order of their serials", b.ran[0])
	}
}

func TestNV03OneDiskOnce(t *testing.T) {
	n := newNode(t).stores(1)
	n.disk("nvme1c0n1", Model, "AWS1", "259:1", diskSize) // the same number: a path of a multipath disk
	n.ready(3)
	twins := newNode(t).stores(1)
	twins.disk("nvme9n1", Model, "AWS1", "259:9", diskSize) // the same serial, another disk
	twins.refused(Failed, "have the serial AWS1")
}

func TestNV04WholeDisksOnly(t *testing.T) {
	for file, value := range map[string]string{"hidden": "1", "ro": "1", "size": "0"} {
		n := newNode(t).stores(1)
		n.write("sys/block/nvme1n1/"+file, value+"\n")
		if out := n.prepare(); out.Phase != NoDisks {
			t.Errorf("%s=%s: %s", file, value, out.Phase)
		}
	}
	n := newNode(t)
	for _, name := range []string{"loop0", "dm-0", "md0"} { // the kernel gives these no model
		n.write("sys/block/"+name+"/size", "1000\n")
	}
	if out := n.prepare(); out.Phase != NoDisks {
		t.Errorf("loop, dm and md: %s", out.Phase)
	}
}

func TestNV05SysfsIsTheSource(t *testing.T) {
	n := newNode(t).stores(2) // there is no /dev/disk/by-id at all
	if _, err := os.Stat(filepath.Join(n.root, "dev/disk")); err == nil {
		t.Fatal("the fake has links of udev")
	}
	n.ready(4)
}

func TestNV06NoDisks(t *testing.T) {
	n := newNode(t)
	if out := n.prepare(); out.Phase != NoDisks || out.Err != nil || out.Phase.Exit() != ExitOK {
		t.Errorf("%+v", out)
	}
	n.refused(DiskMissing, "they are required", func(o *Options) { o.RequireDisks = true })
}

func TestNV07StableSet(t *testing.T) {
	n := newNode(t).stores(1)
	go func() {
		time.Sleep(30 * time.Millisecond)
		n.disk("nvme2n1", Model, "AWS2", "259:2", diskSize)
	}()
	patient := func(o *Options) { o.Polls, o.Poll = 5, 20*time.Millisecond }
	if out := n.prepare(patient); out.Phase != Ready || len(out.Disks) != 2 {
		t.Errorf("%s with %d disks; want the late one too", out.Phase, len(out.Disks))
	}
	newNode(t).stores(1).refused(DiskMissing, "there are 1 instance-store disks, 2 are expected", func(o *Options) { o.Expected = 2 })
}

func TestNV10ClaimsEachDisk(t *testing.T) {
	n := newNode(t).stores(2)
	n.busy = "nvme2n1"
	n.refused(Foreign, "disk AWS2: is in use by something that the kernel does not name")
}

func TestNV11RefusesDisksInUse(t *testing.T) {
	for words, use := range map[string]func(*fakeNode){
		"disk AWS2: is in use by dm-0": func(n *fakeNode) { n.write("sys/block/nvme2n1/holders/dm-0", "") },
		"disk AWS2: has 1 partitions":  func(n *fakeNode) { n.write("sys/block/nvme2n1/nvme2n1p1/partition", "1") },
		"disk AWS2: is swap space":     func(n *fakeNode) { n.write("proc/swaps", "Filename\n/dev/nvme2n1 partition 1 0 -2\n") },
		"disk AWS2: is mounted at /data": func(n *fakeNode) {
			n.addMount("259:2", n.root+"/data", "xfs", "/dev/nvme2n1")
		},
	} {
		n := newNode(t).stores(2)
		use(n)
		n.refused(Foreign, words)
	}
}

func TestNV12Signatures(t *testing.T) {
	end := func(size int64, back int64) int64 { return size - back }
	for _, c := range []struct {
		kind   string
		offset int64
		bytes  string
	}{
		{"xfs", 0, "XFSB"},
		{"ext4", 0x438, "\x53\xef"},
		{"btrfs", 0x10040, "_BHRfS_M"},
		{"ZFS", 0x20000 + 5*1024, "\x0c\xb1\xba\x00\x00\x00\x00\x00"},
		{"md 0.90", diskSize - 0x10000, mdMagic},
		{"md 1.0", end(diskSize, 8192), mdMagic},
		{"md 1.1", 0, mdMagic},
		{"md", 4096, mdMagic},
		{"LVM2", 512, "LABELONE"},
		{"LUKS", 0, "LUKS\xba\xbe"},
		{"LUKS", 0x4000, "SKUL\xba\xbe"},
		{"bcache", 0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"},
		{"swap", 4086, "SWAPSPACE2"},
		{"GPT", 512, "EFI PART"},
		{"GPT", -512, "EFI PART"}, // the backup alone
		{"MBR", 510, "\x55\xaa"},
		{"f2fs", 0x400, "\x10\x20\xf5\xf2"},
		{"DDF", -512, "\xde\x11\xde\x11"},
		{"unknown data", 300000, "what no table knows"},
		{"unknown data", -5000, "at the end"},
	} {
		n := newNode(t).stores(2)
		n.put("nvme2n1", c.offset, c.bytes)
		n.refused(Foreign, "disk AWS2: holds "+c.kind)
	}
}

func TestNV13NeverTheSystemsDisks(t *testing.T) {
	for _, path := range []string{"/", "/boot", "/var/lib/kubelet", "/var/lib/containerd"} {
		n := newNode(t).stores(2)
		// Through a logical volume on a partition, whose numbers tell nothing of the disk.
		n.write("sys/block/dm-3/dev", "253:3\n")
		n.write("sys/block/dm-3/slaves/nvme1n1p4", "")
		n.write("sys/block/nvme1n1/nvme1n1p4/dev", "259:44\n")
		n.addMount("253:3", strings.TrimSuffix(n.root+path, "/"), "xfs", "/dev/mapper/vg-root")
		n.write("sys/block/nvme1n1/nvme1n1p4/partition", "")
		if err := os.Remove(filepath.Join(n.root, "sys/block/nvme1n1/nvme1n1p4/partition")); err != nil {
			t.Fatal(err)
		}
		n.write("sys/block/dm-3/slaves/nvme1n1", "")
		n.refused(Foreign, "disk AWS1: holds "+path+" of the node")
	}
	n := newNode(t).stores(1)
	n.addMount("0:44", n.root+"/var/lib/kubelet", "btrfs", "/dev/nvme1n1") // a filesystem with numbers of its own
	n.refused(Foreign, "holds /var/lib/kubelet of the node")
}

func TestNV14OtherOwners(t *testing.T) {
	for name, owner := range map[string]string{"ip-10-0-0-1:kubernetes": "nodeadm, made it", "any:ephemeral": "Bottlerocket made it"} {
		n := newNode(t).stores(2)
		for _, d := range []string{"nvme1n1", "nvme2n1"} {
			n.put(d, 4096, member(7, name, 2))
		}
		n.refused(Foreign, owner)
		n.assemble([]string{"nvme1n1", "nvme2n1"})
		n.refused(Foreign, owner)
	}
	n := newNode(t).stores(1)
	n.put("nvme1n1", 0, "XFSB")
	n.addMount("259:1", n.root+"/mnt/k8s-disks/0", "xfs", "/dev/nvme1n1")
	n.refused(Foreign, "nodeadm, did that")
	n = newNode(t).stores(1)
	n.put("nvme1n1", 512, "LABELONE")
	n.refused(Foreign, "the instance store CSI driver")
}

func TestNV15OneAtATime(t *testing.T) {
	n := newNode(t).stores(1)
	path := filepath.Join(n.root, "run/fusiongen-nvme.lock")
	n.write("run/fusiongen-nvme.lock", "")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(150 * time.Millisecond)
		_ = f.Close()
	}()
	began := time.Now()
	n.ready(3) // waits for the other
	if time.Since(began) < 100*time.Millisecond {
		t.Error("did not wait")
	}
}

func TestNV16DryRun(t *testing.T) {
	n := newNode(t).stores(2)
	plan := n.plan()
	for _, want := range []string{`"phase": "preparing"`, `"serial": "AWS1"`, `"create the array"`, `"disk:AWS2"`, `"array:fusiongen"`, `"mount /mnt/fusion"`} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan has no %s:\n%s", want, plan)
		}
	}
	if plan != n.plan() {
		t.Error("two plans differ")
	}
	n.ready(4)
	if plan := n.plan(); !strings.Contains(plan, `"phase": "ready"`) || !strings.Contains(plan, `"steps": []`) {
		t.Errorf("after preparation: %s", plan)
	}
	n = newNode(t).stores(2)
	n.put("nvme1n1", 512, "EFI PART")
	if plan := n.plan(); !strings.Contains(plan, `"phase": "foreign"`) || !strings.Contains(plan, "holds GPT") {
		t.Errorf("with a foreign disk: %s", plan)
	}
	if plan := newNode(t).plan(); !strings.Contains(plan, `"phase": "no_disks"`) {
		t.Errorf("without disks: %s", plan)
	}
}
