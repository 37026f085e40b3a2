package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
	out, err output
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

// build makes the root file system and moves into it.
func (b box) build() error {
	in := func(path string) string { return filepath.Join(b.Root, path) }
	steps := []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("root", b.Root, "tmpfs", 0, "mode=755") },
	}
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/sys"} {
		steps = append(steps, func() error { return mirror(dir, in(dir)) })
	}
	steps = append(steps,
		func() error { return bindFile(b.Binary, in("/opt/fusion")) },
		func() error {
			if b.TmpSize != "" {
				return makeMount("tmp", in("/tmp"), "tmpfs", "mode=1777,size="+b.TmpSize)
			}
			return bindDir(b.Tmp, in("/tmp"))
		},
		func() error { return b.devices(in("/dev")) },
		func() error { return makeMount("proc", in("/proc"), "proc", "") },
	)
	switch {
	case b.NoPoint:
	case b.ReadOnly:
		steps = append(steps, func() error { return makeMount("emptydir", in("/fusion"), "tmpfs", "mode=777") })
	default:
		steps = append(steps, func() error { return os.Mkdir(in("/fusion"), 0o755) })
	}
	for path, text := range b.Files {
		steps = append(steps, func() error {
			if err := os.MkdirAll(filepath.Dir(in(path)), 0o755); err != nil {
				return err
			}
			return os.WriteFile(in(path), []byte(text), 0o755)
		})
	}
	steps = append(steps,
		func() error { return os.Mkdir(in("/old"), 0o700) },
		func() error { return unix.PivotRoot(b.Root, in("/old")) },
		func() error { return os.Chdir("/") },
		func() error { return unix.Unmount("/old", unix.MNT_DETACH) },
		func() error { return os.Remove("/old") },
	)
	if b.ReadOnly {
		steps = append(steps, func() error { return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "") })
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("box: step %d: %w", i, err)
		}
	}
	return nil
}

func (b box) devices(dir string) error {
	if err := makeMount("dev", dir, "tmpfs", "mode=755"); err != nil {
		return err
	}
	unix.Umask(0)
	defer unix.Umask(0o022)
	nodes := map[string][3]uint32{"null": {1, 3, 0o666}, "zero": {1, 5, 0o666}, "full": {1, 7, 0o666}, "random": {1, 8, 0o666}, "urandom": {1, 9, 0o666}, "tty": {5, 0, 0o666}}
	if !b.NoDevice {
		nodes["fuse"] = [3]uint32{10, 229, b.DevMode}
	}
	for name, n := range nodes {
		if err := unix.Mknod(filepath.Join(dir, name), unix.S_IFCHR|n[2], int(unix.Mkdev(n[0], n[1]))); err != nil {
			return err
		}
	}
	if err := makeMount("devpts", filepath.Join(dir, "pts"), "devpts", "newinstance,ptmxmode=0666,mode=620"); err != nil {
		return err
	}
	for name, to := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func (b box) dropRights() error {
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		if b.Caps>>c&1 == 0 {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
				return err
			}
		}
	}
	if b.UID != 0 {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
		if err := syscall.Setgroups(nil); err != nil {
			return err
		}
		if err := syscall.Setgid(b.UID); err != nil {
			return err
		}
		if err := syscall.Setuid(b.UID); err != nil {
			return err
		}
	}
	if len(b.Deny) > 0 {
		return deny(b.Deny)
	}
	return nil
}

// mirror binds a directory of the node read-only, or repeats it when it is a link (/bin → usr/bin).
func mirror(from, to string) error {
	if link, err := os.Readlink(from); err == nil {
		return os.Symlink(link, to)
	}
	if err := bindDir(from, to); err != nil {
		return err
	}
	return unix.Mount("", to, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

func bindDir(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
}

func bindFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to, nil, 0o755); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND, "")
}

func makeMount(source, dir, kind, options string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return unix.Mount(source, dir, kind, 0, options)
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

// An output may be read while it grows.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.String()
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
