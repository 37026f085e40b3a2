package contract

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/transcript"
	"golang.org/x/sys/unix"
)

// A box is a container in the way that a kubelet makes one: its own root, mounts, processes and rights, with the
// node's programs and network. The launcher is its process 1.
type box struct {
	UID      int
	Caps     uint64            // bounding set
	Env      map[string]string // beside PATH and HOME
	Args     []string          // of process 1
	Dir      string            // working directory
	Binary   string            // on the node; /usr/bin/fusion in the box is /opt/fusion
	Tmp      string            // directory on the node that is /tmp in the box
	TmpSize  string            // /tmp is a file system of this size
	Files    map[string]string // path in the box: content
	NoDevice bool
	DevMode  uint32 // of /dev/fuse
	NoPoint  bool   // without /fusion
	ReadOnly bool   // root file system; /fusion is then an emptyDir

	Deny []int // system calls that a seccomp filter answers with EPERM; clone only with CLONE_NEWUSER

	Root string // where the box's root is put together
}

// boxName is argv[0] of the process that puts a box together and becomes its process 1.
const boxName = "box-init"

// A run is a started box.
type run struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err transcript.Buffer
	ended    chan error
}

// start starts the box; the test's end kills it.
func (b box) start(t *testing.T) *run {
	t.Helper()
	b.Root, b.Binary = t.TempDir(), binary
	if b.Tmp == "" {
		b.Tmp = t.TempDir()
	}
	if err := os.Chmod(b.Tmp, 0o1777); err != nil {
		t.Fatal(err)
	}
	spec, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, cmd: exec.Command("/proc/self/exe"), ended: make(chan error, 1)}
	r.cmd.Args = []string{boxName, string(spec)}
	r.cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LANG=C.UTF-8"}
	if race {
		r.cmd.Env = append(r.cmd.Env, "GORACE=halt_on_error=1") // exit code 66, so that no test can overlook a race
	}
	for name, value := range b.Env {
		r.cmd.Env = append(r.cmd.Env, name+"="+value)
	}
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.err
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.cmd.Wait() }()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.ended
	})
	return r
}

// wait returns the exit code of process 1 as a kubelet would report it.
func (r *run) wait() int {
	r.t.Helper()
	select {
	case <-r.ended:
		close(r.ended)
	case <-time.After(2 * time.Minute):
		r.t.Fatalf("the box did not end in 2 minutes\nstdout:\n%s\nstderr:\n%s", &r.out, &r.err)
	}
	status := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// boxInit is process 1 of a box before it becomes the launcher.
func boxInit(spec string) error {
	runtime.LockOSThread() // capabilities, the seccomp filter and no_new_privs are the thread's that calls exec
	var b box
	if err := json.Unmarshal([]byte(spec), &b); err != nil {
		return err
	}
	if err := b.build(); err != nil {
		return err
	}
	if err := b.dropRights(); err != nil {
		return err
	}
	if b.Dir != "" {
		if err := os.Chdir(b.Dir); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(b.Args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, b.Args, os.Environ())
}

// said returns the lines of the launcher's standard error that it wrote itself.
func (r *run) said() string {
	var own []string
	for line := range strings.Lines(r.err.String()) {
		if strings.HasPrefix(line, "fusion: ") {
			own = append(own, line)
		}
	}
	return strings.Join(own, "")
}

// await returns when the box has printed text on either stream.
func (r *run) await(text string) {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(r.out.String()+r.err.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("the box did not say %q\nstdout:\n%s\nstderr:\n%s", text, &r.out, &r.err)
		}
	}
}
