package mount

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	capSetgid   = unix.CAP_SETGID
	capSetuid   = unix.CAP_SETUID
	capSetpcap  = unix.CAP_SETPCAP
	capSysAdmin = unix.CAP_SYS_ADMIN
	capSetfcap  = unix.CAP_SETFCAP
)

// A Node is what the kernel says about this process's chances to mount.
type Node struct {
	Kernel            string // release, as uname -r prints it
	UID, GID          int
	Effective         uint64 // capability bits, capabilities(7)
	Bounding          uint64
	NoNewPrivs        bool
	Seccomp           int // 0 off, 1 strict, 2 filter
	AppArmor          string
	AppArmorRestricts bool // kernel.apparmor_restrict_unprivileged_userns
	MaxUserNamespaces int  // -1: not told
	DeviceErr         error
	DeviceMode        uint32 // permission bits
	DeviceOwner       uint32 // uid
}

// Has reports whether the capability is effective.
func (n Node) Has(capability int) bool { return n.Effective>>capability&1 == 1 }

// CanMount reports whether mount(2) is allowed in this process's own namespace.
func (n Node) CanMount() bool { return n.Has(capSysAdmin) }

// Probe reads the node's facts from /proc and /dev. What is not told stays zero.
func Probe() Node {
	n := Node{UID: os.Geteuid(), GID: os.Getegid(), MaxUserNamespaces: -1}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		n.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	status := procStatus("/proc/self/status")
	n.Effective, n.Bounding = status.hex("CapEff"), status.hex("CapBnd")
	n.NoNewPrivs = status["NoNewPrivs"] == "1"
	n.Seccomp, _ = strconv.Atoi(status["Seccomp"])
	n.AppArmor = firstLine("/proc/self/attr/apparmor/current", "/proc/self/attr/current")
	n.AppArmorRestricts = firstLine("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1"
	if v, err := strconv.Atoi(firstLine("/proc/sys/user/max_user_namespaces")); err == nil {
		n.MaxUserNamespaces = v
	}
	var st unix.Stat_t
	if err := unix.Stat(Device, &st); err == nil {
		n.DeviceMode, n.DeviceOwner = st.Mode&0o7777, st.Uid
	}
	fd, err := openDevice()
	if err == nil {
		unix.Close(fd)
	}
	n.DeviceErr = err
	return n
}

type fields map[string]string

// procStatus parses "Name:\tvalue" lines, proc_pid_status(5).
func procStatus(path string) fields {
	data, _ := os.ReadFile(path)
	out := fields{}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out
}

func (f fields) hex(name string) uint64 {
	v, _ := strconv.ParseUint(f[name], 16, 64)
	return v
}

// firstLine returns the first line of the first file that can be read.
func firstLine(paths ...string) string {
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil {
			line, _, _ := strings.Cut(string(data), "\n")
			return strings.TrimRight(line, "\x00 ")
		}
	}
	return ""
}
