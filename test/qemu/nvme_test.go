// Package qemu tests nvme-prep in a virtual machine with emulated NVMe disks, a real md driver and real project quotas.
package qemu

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A machine is a kernel with an initramfs.
type machine struct{ dir, initrd string }

// newMachine builds the runtime's binary and the tests that run in the machine.
func newMachine(t *testing.T) machine {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: boots virtual machines")
	}
	dir, tmp := "../../.cache/qemu", t.TempDir()
	command(t, "./get.sh", dir)
	binary, tests := filepath.Join(tmp, "fusion"), filepath.Join(tmp, "csi.test")
	build := func(args ...string) {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	build("build", "-ldflags=-s -w", "-o", binary, "./cmd/fusion")
	build("test", "-c", "-ldflags=-s -w", "-o", tests, "./fuseimage/csi")
	m := machine{dir: dir, initrd: filepath.Join(tmp, "initrd.gz")}
	command(t, "./initrd.sh", dir, m.initrd, "/usr/bin/nvme-prep="+binary, "/csi.test="+tests, "/test=guest.sh")
	return m
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// disks are sparse files.
func disks(t *testing.T, count int, size int64) []string {
	t.Helper()
	dir := t.TempDir()
	var out []string
	for n := range count {
		path := filepath.Join(dir, fmt.Sprint("disk", n))
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	return out
}

// run boots the machine for a test, wants its exit code, and returns the console.
func (m machine) run(t *testing.T, words string, code int, disks ...string) string {
	t.Helper()
	cmd := exec.Command("./vm.sh", append([]string{m.dir, m.initrd, words}, disks...)...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("%s: exit code %d, want %d\n%s", words, got, code, out)
	}
	return string(out)
}

// large is 4 GiB, because XFS keeps 64 MiB of any disk for itself and the preparer wants to see 95 % of it.
const large = 4 << 30

// TestArray: RAID 0 made for real, with project quotas that hold; it survives a reboot, under any name.
func TestArray(t *testing.T) {
	m := newMachine(t)
	two := disks(t, 2, large)
	first := m.run(t, "first", 0, two...)
	if !strings.Contains(first, "--- PASS: TestProjectQuota") {
		t.Errorf("the test of project quotas did not run:\n%s", first)
	}
	second := m.run(t, "reboot", 0, two...)
	uuid := regexp.MustCompile(`(?m)^UUID=\S+$`)
	if a, b := uuid.FindString(first), uuid.FindString(second); a == "" || a != b {
		t.Errorf("the array is %q after the reboot, was %q", b, a)
	}
	m.run(t, "renamed", 0, two...)
}

// TestRefusals: exit codes of a real run, and not a byte of a foreign disk changed.
func TestRefusals(t *testing.T) {
	m := newMachine(t)
	m.run(t, "plain", 0) // no disks: nothing to do
	two := disks(t, 2, 64<<20)
	command(t, "mke2fs", "-q", "-F", "-L", "patients", two[1])
	before := sum(t, two)
	if out := m.run(t, "plain", 3, two...); !strings.Contains(out, `disk VM1: holds ext4 \"patients\"`) && !strings.Contains(out, `disk VM1: holds ext4 "patients"`) {
		t.Errorf("the refusal does not say why:\n%s", out)
	}
	if sum(t, two) != before {
		t.Error("a refused disk was written to")
	}
}

// TestKilled: SIGKILL at moments spread over the work; the next run gets there.
func TestKilled(t *testing.T) {
	m := newMachine(t)
	for _, microseconds := range []int{300_000, 900_000} {
		m.run(t, fmt.Sprint("killed,", microseconds), 0, disks(t, 2, large)...)
	}
}

func sum(t *testing.T, paths []string) string {
	t.Helper()
	hash := sha256.New()
	for _, path := range paths {
		f, err := os.Open(path)
		if err == nil {
			_, err = io.Copy(hash, f)
			_ = f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}
