package fs

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnprivileged runs the mount tests again as uid 1000 without any capability of the machine, in a user namespace,
// as a pod without privileges does.
func TestUnprivileged(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("this is the run inside the user namespace")
	}
	const uid = 1000
	tmp := t.TempDir()
	if err := os.Chown(tmp, uid, uid); err != nil {
		t.Fatal(err)
	}
	for dir := tmp; dir != "/"; dir = dir[:max(1, lastSlash(dir))] {
		if st, err := os.Stat(dir); err == nil && st.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(dir, st.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	args := []string{"-test.run=^(TestPosix|TestRead.*|TestWrite.*|TestRename.*|TestMmap.*|TestUnlink.*|TestHardLinks|TestFsx|TestModel)$"}
	if testing.Verbose() {
		args = append(args, "-test.v")
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		Credential:  &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: true},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN}, // of the new namespace: to mount
		Pdeathsig:   syscall.SIGKILL,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func lastSlash(path string) int {
	i := len(path) - 1
	for i > 0 && path[i] != '/' {
		i--
	}
	return i
}
