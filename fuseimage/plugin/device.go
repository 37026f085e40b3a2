package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// DevicePath is what a container gets (Linux Documentation/admin-guide/devices.txt: misc 229).
const DevicePath = "/dev/fuse"

const major, minor = 10, 229

// A Device says where this process can see that the node has FUSE. It is never opened: that would need the
// device cgroup's leave.
type Device struct {
	Sys string // the sysfs, /sys: every container has it
	Dev string // the directory where the node's device is mounted into this container; "" where it is not
}

// Health is what a look at the device found. Problem is one sentence, also where the device is healthy but
// of no use to some pods.
type Health struct {
	Healthy bool
	Shut    bool // the node's file is not open to all users
	Problem string
}

// Health looks at the device once.
func (d Device) Health() Health {
	number := filepath.Join(d.Sys, "class/misc/fuse/dev")
	data, err := os.ReadFile(number)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Health{Problem: "the node's kernel has no FUSE: load the module fuse"}
	case err != nil:
		return Health{Problem: fmt.Sprintf("cannot see whether the kernel has FUSE: %v", err)}
	case strings.TrimSpace(string(data)) != fmt.Sprintf("%d:%d", major, minor):
		return Health{Problem: fmt.Sprintf("%s is %s, not %d:%d", number, strings.TrimSpace(string(data)), major, minor)}
	case d.Dev == "":
		return Health{Healthy: true}
	}
	path := filepath.Join(d.Dev, "fuse")
	var st unix.Stat_t
	switch err := unix.Stat(path, &st); {
	case errors.Is(err, fs.ErrNotExist):
		return Health{Problem: fmt.Sprintf("the node has no %s", DevicePath)}
	case err != nil: // a security module's right; pods may be allowed more
		return Health{Healthy: true, Problem: fmt.Sprintf("cannot see the mode of the node's %s: %v", DevicePath, err)}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(major, minor) {
		return Health{Problem: fmt.Sprintf("the node's %s is not the character device %d:%d", DevicePath, major, minor)}
	}
	if st.Mode&0o666 != 0o666 {
		return Health{Healthy: true, Shut: true, Problem: fmt.Sprintf("the node's %s has mode %04o: only root can open it; udev's default is 0666", DevicePath, st.Mode&0o7777)}
	}
	return Health{Healthy: true}
}
