package nvme

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

// TestNV17NothingForced greps every command that any scenario of this file and of discovery runs.
func TestNV17NothingForced(t *testing.T) {
	var all []string
	for disks := 1; disks <= 4; disks++ {
		for _, filesystem := range []string{"xfs", "ext4"} {
			n := newNode(t).stores(disks)
			if filesystem == "ext4" {
				n.kind = unix.EXT4_SUPER_MAGIC
			}
			n.ready(-1, func(o *Options) { o.Filesystem = filesystem })
			all = append(all, n.ran...)
		}
	}
	n := newNode(t).stores(2)
	n.killed(1, true)
	n.ready(-1, func(o *Options) { o.RecreateOwned = true })
	all = append(all, n.ran...)
	if len(all) < 20 {
		t.Fatalf("only %d commands were seen", len(all))
	}
	for _, command := range all {
		for _, word := range strings.Fields(command) {
			if word == "-f" || word == "-F" || word == "--force" || word == "--run" || word == "wipefs" || word == "dd" {
				t.Errorf("%s forces something: %s", command, word)
			}
		}
	}
	newNode(t).stores(1).refused(Foreign, "the wipe policy is never", func(o *Options) { o.NeverWrite = true })
}

func TestNV20SecondRunDoesNothing(t *testing.T) {
	for disks := 1; disks <= 3; disks++ {
		n := newNode(t).stores(disks)
		n.ready(-1)
		ran := len(n.ran)
		n.ready(0)
		if len(n.ran) != ran {
			t.Errorf("%d disks: the second run did %v", disks, n.ran[ran:])
		}
	}
}

func TestNV21Reboot(t *testing.T) {
	for disks := 1; disks <= 2; disks++ {
		n := newNode(t).stores(disks)
		n.ready(-1)
		n.reboot()
		ran := len(n.ran)
		n.ready(-1)
		for _, command := range n.ran[ran:] {
			if !strings.HasPrefix(command, "mount") && !strings.HasPrefix(command, "mdadm --assemble") {
				t.Errorf("%d disks: after a reboot: %s", disks, command)
			}
		}
		// Assembled by the node itself, under a name of its choice.
		if disks == 2 {
			n.reboot()
			n.assemble([]string{"nvme1n1", "nvme2n1"})
			n.ready(2)
		}
	}
}

func TestNV22StopAndStart(t *testing.T) {
	n := newNode(t).stores(2)
	n.ready(4)
	n.reboot()
	for _, d := range []string{"nvme1n1", "nvme2n1", "md127"} { // other hardware, blank
		if err := os.Truncate(filepath.Join(n.root, "dev", d), 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(n.root, "dev", d), diskSize); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(n.root, "dev/md127")); err != nil {
		t.Fatal(err)
	}
	n.write("etc/mdadm.conf", "ARRAY /dev/md/fusiongen UUID=stale\n") // what is left on the root disk
	n.ready(4)
}

func TestNV23PartOfAnArray(t *testing.T) {
	recreate := func(o *Options) { o.RecreateOwned = true }
	part := func(t *testing.T) *fakeNode {
		n := newNode(t).stores(3)
		n.put("nvme1n1", 4096, member(5, "any:fusiongen", 3))
		n.put("nvme2n1", 4096, member(5, "any:fusiongen", 3))
		return n
	}
	n := part(t)
	n.refused(Degraded, "disk AWS3 holds blank: not one whole array")
	n.ready(-1, recreate)

	n = newNode(t).stores(2) // two of three are there
	n.put("nvme1n1", 4096, member(5, "any:fusiongen", 3))
	n.put("nvme2n1", 4096, member(5, "any:fusiongen", 3))
	n.refused(Degraded, "one of 3 in our array, and there are 2 disks")
	n.ready(-1, recreate)

	n = newNode(t).stores(2) // of two arrays
	n.put("nvme1n1", 4096, member(5, "any:fusiongen", 2))
	n.put("nvme2n1", 4096, member(6, "any:fusiongen", 2))
	n.refused(Degraded, "not one whole array")

	n = part(t)
	n.put("nvme3n1", 512, "EFI PART")
	n.refused(Foreign, "holds GPT", recreate) // not all are ours

	n = part(t)
	n.addMount("259:1", filepath.Join(n.root, "var/lib/kubelet/pods/u/v"), "xfs", "/dev/nvme1n1")
	n.refused(Degraded, "and it is mounted", recreate)

	n = newNode(t).stores(2) // half assembled by the node
	for _, d := range []string{"nvme1n1", "nvme2n1"} {
		n.put(d, 4096, member(5, "any:fusiongen", 3))
	}
	n.assemble([]string{"nvme1n1", "nvme2n1"})
	n.write("sys/block/md127/md/array_state", "inactive\n")
	n.refused(Degraded, "is in an array of ours that is not whole, md127")
}

// TestNV24KillAnywhere kills the preparer before and in the midst of each change, with one, two and four disks, from
// blank and after a reboot. The next run gets to the same end, and the one after that does nothing. The one thing
// that a kill can break is the creation of an array itself, and that is told.
func TestNV24KillAnywhere(t *testing.T) {
	for _, disks := range []int{1, 2, 4} {
		for _, rebooted := range []bool{false, true} {
			for at := 1; ; at++ {
				for _, midway := range []bool{false, true} {
					n := newNode(t).stores(disks)
					if rebooted {
						n.ready(-1)
						n.reboot()
						n.ran = nil
					}
					if !n.killed(at, midway) {
						if at == 1 {
							t.Fatalf("%d disks: nothing to kill", disks)
						}
						goto next
					}
					last := n.ran[len(n.ran)-1]
					if midway && strings.Contains(last, "--create") {
						n.refused(Degraded, "not one whole array")
						n.ready(-1, func(o *Options) { o.RecreateOwned = true })
					} else {
						n.ready(-1)
					}
					if count := strings.Count(fmt.Sprint(n.ran), "mount "+n.root); count != 1 && !(midway && strings.HasPrefix(last, "mount")) && !(!midway && strings.HasPrefix(last, "mount") && count == 2) {
						t.Errorf("%d disks, killed in %s: %d mounts", disks, last, count)
					}
					n.ready(0)
				}
			}
		next:
		}
	}
}

func TestNV25OneDiskNoArray(t *testing.T) {
	n := newNode(t).stores(1)
	n.ready(3)
	if strings.Contains(fmt.Sprint(n.ran), "mdadm") {
		t.Errorf("one disk: %v", n.ran)
	}
	n = newNode(t).stores(3)
	n.ready(4)
	if !strings.Contains(n.ran[0], "--level=0 --raid-devices=3") {
		t.Errorf("three disks: %v", n.ran)
	}
	ten := func(o *Options) { o.Level = 10 }
	newNode(t).stores(3).refused(DiskMissing, "RAID 10 needs 4 disks, there are 3", ten)
	n = newNode(t).stores(4)
	n.ready(4, ten)
	if !strings.Contains(n.ran[0], "--level=10 --raid-devices=4") {
		t.Errorf("four disks: %v", n.ran)
	}
}

func TestNV26OneMountPath(t *testing.T) {
	for disks := 1; disks <= 4; disks++ {
		n := newNode(t).stores(disks)
		n.ready(-1)
		if got := n.ran[len(n.ran)-1]; !strings.Contains(got, n.root+"/mnt/fusion ") {
			t.Errorf("%d disks: %s", disks, got)
		}
	}
}

func TestNV27OtherFilesystem(t *testing.T) {
	ext := func(o *Options) { o.Filesystem = "ext4" }
	n := newNode(t).stores(1)
	n.ready(3)
	n.reboot()
	n.refused(Degraded, "our filesystem is xfs and ext4 is asked for", ext)
	n.kind = unix.EXT4_SUPER_MAGIC
	n.ready(-1, ext, func(o *Options) { o.RecreateOwned = true })
}

func TestNV30Format(t *testing.T) {
	n := newNode(t).stores(2)
	n.ready(4)
	if want := "mkfs.xfs -q -K -L fusion-nvme " + n.root + "/dev/md127"; n.ran[1] != want {
		t.Errorf("ran %s, want %s", n.ran[1], want)
	}
	if !strings.Contains(n.ran[0], "--chunk=256 ") || !strings.Contains(n.ran[0], "--homehost=any --name=fusiongen") || len(label) > 12 {
		t.Errorf("ran %s", n.ran[0])
	}
	n = newNode(t).stores(2)
	n.kind = unix.EXT4_SUPER_MAGIC
	n.ready(4, func(o *Options) { o.Filesystem = "ext4" })
	if !strings.Contains(n.ran[1], "-E nodiscard,stride=64,stripe-width=128 -m 0 -L "+label) {
		t.Errorf("ran %s", n.ran[1])
	}
}

func TestNV31MountOptions(t *testing.T) {
	n := newNode(t).stores(1)
	n.ready(3)
	if got := n.ran[1]; !strings.HasSuffix(got, " xfs prjquota") {
		t.Errorf("mounted as %s", got)
	}
	n = newNode(t).stores(1)
	n.noQuota = true
	n.ready(3)
	if got := n.ran[1]; !strings.HasSuffix(got, " xfs ") {
		t.Errorf("without quotas mounted as %s", got)
	}
}

func TestNV32HidesNothing(t *testing.T) {
	n := newNode(t).stores(1)
	n.write("mnt/fusion/precious", "data")
	n.refused(Foreign, "/mnt/fusion is not empty: it has precious")
	n = newNode(t).stores(1)
	n.addMount("0:50", n.root+"/mnt/fusion", "nfs", "server:/export")
	n.refused(Foreign, "/mnt/fusion has another mount, of server:/export")
}

func TestNV33ScratchAfterMount(t *testing.T) {
	n := newNode(t).stores(1)
	dir := filepath.Join(n.root, Mount, Scratch)
	n.killed(2, false) // before the mount
	if _, err := os.Stat(dir); err == nil {
		t.Error("the scratch directory is there without the mount")
	}
	n.ready(-1)
	if info, err := os.Stat(dir); err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("the scratch directory: %v, %v", info, err)
	}
}

// deafMounts mounts where the node's first process cannot see it.
type deafMounts struct{ *fakeNode }

func (deafMounts) Mount(string, string, string, uintptr, string) error { return nil }

func TestNV34VisibleToTheNode(t *testing.T) {
	n := newNode(t).stores(1)
	p := n.preparer()
	p.system = deafMounts{n}
	if out := p.Prepare(t.Context()); out.Phase != Failed || !strings.Contains(fmt.Sprint(out.Err), `"mount /mnt/fusion" had no effect`) {
		t.Errorf("%s, %v", out.Phase, out.Err)
	}
}

func TestNV35OneMountForEver(t *testing.T) {
	n := newNode(t).stores(2)
	for range 10 {
		n.ready(-1)
	}
	if got := strings.Count(fmt.Sprint(n.ran), "mount "+n.root); got != 1 {
		t.Errorf("%d mounts after ten starts", got)
	}
	if strings.Contains(fmt.Sprint(n.ran), "umount") {
		t.Error("something was unmounted")
	}
}

// TestNV36Reboot: the mount comes back by the preparer's start, never by a line in fstab that could stop a boot.
func TestNV36Reboot(t *testing.T) {
	n := newNode(t).stores(2)
	n.write("etc/fstab", "unchanged")
	n.ready(-1)
	n.reboot()
	n.ready(-1)
	if data, err := os.ReadFile(filepath.Join(n.root, "etc/fstab")); err != nil || string(data) != "unchanged" {
		t.Errorf("fstab has %q, %v", data, err)
	}
}

func TestNV40Verifies(t *testing.T) {
	n := newNode(t).stores(1)
	n.kind = unix.EXT4_SUPER_MAGIC
	out := n.prepare()
	if out.Phase != Failed || !strings.Contains(fmt.Sprint(out.Err), "has the magic number") {
		t.Errorf("another filesystem: %s, %v", out.Phase, out.Err)
	}
	n = newNode(t).stores(1)
	small := smallSpace{n}
	p := n.preparer()
	p.system = small
	if out := p.Prepare(t.Context()); out.Phase != Failed || !strings.Contains(fmt.Sprint(out.Err), "less than 95 %") {
		t.Errorf("a small filesystem: %s, %v", out.Phase, out.Err)
	}
	n = newNode(t).stores(1)
	n.ready(-1)
	if err := os.Mkdir(filepath.Join(n.root, Mount, ".fusiongen-probe"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out := n.prepare(); out.Phase != Failed {
		t.Errorf("a filesystem that takes no file: %s, %v", out.Phase, out.Err)
	}
}

type smallSpace struct{ *fakeNode }

func (smallSpace) Space(string) (kind, total, free int64, err error) {
	return unix.XFS_SUPER_MAGIC, diskSize / 2, 0, nil
}

func TestNV52ExitCodes(t *testing.T) {
	n := newNode(t).stores(2)
	n.missing = "mdadm"
	n.refused(ToolMissing, "mdadm")
	one := newNode(t).stores(1)
	one.missing = "mkfs.xfs"
	one.refused(ToolMissing, "mkfs.xfs")
	n.missing = ""
	n.broken = "mdadm"
	n.refused(Failed, "exit status 1")
	codes := map[int]Phase{}
	for phase, code := range map[Phase]int{Ready: 0, NoDisks: 0, Failed: 2, Foreign: 3, Degraded: 4, ToolMissing: 5, DiskMissing: 6, ReadOnly: 7, Lost: 2} {
		if phase.Exit() != code {
			t.Errorf("%s exits %d, want %d", phase, phase.Exit(), code)
		}
		codes[code] = phase
	}
	if len(codes) != 7 {
		t.Errorf("codes are %v", codes)
	}
}
