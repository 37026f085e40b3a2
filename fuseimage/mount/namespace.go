package mount

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// reportFD is where the process inside the namespace tells whether its mount succeeded.
const reportFD = 3

// report is the one line that the inner process writes; Errno 0 says "mounted".
type report struct {
	Stage Stage         `json:"stage,omitempty"`
	Errno syscall.Errno `json:"errno,omitempty"`
	Text  string        `json:"text,omitempty"`
}

// Reexec runs this binary again as name (argv[0]) with args inside a new user and mount
// namespace in which ids map to themselves, and waits until it has mounted dir (see Inside).
// The returned process goes on as the launcher. The error is a *Failure, and then no process is left.
func Reexec(name string, args []string, dir string) (*os.Process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, &Failure{Stage: StageNamespace, Subject: dir, Err: err}
	}
	defer r.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = append([]string{name}, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = namespaceAttr(Probe())
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, &Failure{Stage: StageNamespace, Subject: dir, Err: err}
	}
	var got report
	line, err := bufio.NewReader(r).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &got)
	}
	switch {
	case err != nil:
		_, _ = cmd.Process.Kill(), cmd.Wait()
		return nil, &Failure{Stage: StageInside, Subject: dir, Err: fmt.Errorf("the process in the namespace ended without a report: %w", err)}
	case got.Stage != "":
		_ = cmd.Wait()
		cause := error(got.Errno)
		if got.Errno == 0 {
			cause = errors.New(got.Text)
		}
		return nil, &Failure{Stage: got.Stage, Subject: dir, Err: cause}
	}
	return cmd.Process, nil
}

// Inside is called first thing by the process that Reexec started: it mounts dir and reports.
// On failure the caller must exit without a word; the outer process explains.
func Inside(dir string) (*Connection, error) {
	pipe := os.NewFile(reportFD, "report")
	defer pipe.Close()
	unix.CloseOnExec(reportFD)
	conn, err := Direct(dir)
	var out report
	var f *Failure
	if errors.As(err, &f) {
		out = report{Stage: f.Stage, Text: f.Err.Error()}
		errors.As(f.Err, &out.Errno)
		if out.Stage == StageMount {
			out.Stage = StageInside
		}
	}
	line, _ := json.Marshal(out)
	if _, werr := pipe.Write(append(line, '\n')); werr != nil && err == nil {
		err = errors.Join(werr, conn.Unmount())
	}
	return conn, err
}

// ParentBounding is the capability bounding set of the parent process. A new user namespace
// starts with a full set; the workload must not see more than the container was given.
func ParentBounding() uint64 {
	return procStatus("/proc/" + strconv.Itoa(os.Getppid()) + "/status").hex("CapBnd")
}

func namespaceAttr(node Node) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		// A uid other than 0 loses its capabilities at exec unless they are ambient:
		// SYS_ADMIN to mount, SETPCAP to take rights from the workload again.
		AmbientCaps: []uintptr{capSysAdmin, capSetpcap},
		Pdeathsig:   syscall.SIGKILL,
	}
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: node.UID, HostID: node.UID, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: node.GID, HostID: node.GID, Size: 1}}
	if node.Has(capSetuid) && node.Has(capSetgid) {
		// chown and su keep working: every id of this namespace maps to itself.
		attr.UidMappings = identity("/proc/self/uid_map", attr.UidMappings)
		attr.GidMappings = identity("/proc/self/gid_map", attr.GidMappings)
		attr.GidMappingsEnableSetgroups = true
	}
	return attr
}

// identity maps every id that path (user_namespaces(7)) lists to itself.
func identity(path string, otherwise []syscall.SysProcIDMap) []syscall.SysProcIDMap {
	data, err := os.ReadFile(path)
	if err != nil {
		return otherwise
	}
	var out []syscall.SysProcIDMap
	for line := range strings.Lines(string(data)) {
		var inside, outside, size int
		if _, err := fmt.Sscan(line, &inside, &outside, &size); err != nil {
			return otherwise
		}
		out = append(out, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: size})
	}
	if len(out) == 0 {
		return otherwise
	}
	return out
}

// Confine takes from the calling thread, and so from what it forks, the rights that a new user namespace brought:
// nothing is left but what bounding (see ParentBounding) allows.
func Confine(bounding uint64) error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(PR_CAP_AMBIENT)", err)
	}
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		if bounding>>c&1 == 1 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
			return os.NewSyscallError("prctl(PR_CAPBSET_DROP)", err)
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	return os.NewSyscallError("capset", unix.Capset(&header, &data[0]))
}
