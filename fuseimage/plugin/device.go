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

// A DeviceState names what a look at the device found.
type DeviceState string

const (
	DeviceUsable  DeviceState = "usable"
	DeviceShut    DeviceState = "shut"    // its mode lets only root open it, so that other tasks cannot mount
	DeviceUnseen  DeviceState = "unseen"  // it is there, but its mode cannot be seen
	DeviceMissing DeviceState = "missing" // no pod can mount
)

func deviceStates() []DeviceState {
	return []DeviceState{DeviceUsable, DeviceShut, DeviceUnseen, DeviceMissing}
}

// Health is what a look at the device found. Problem is one sentence where it is not usable by all.
type Health struct {
	State   DeviceState
	Problem string
}

// Healthy says whether some pods can use the device.
func (h Health) Healthy() bool { return h.State != DeviceMissing }

// Health looks at the device once.
func (d Device) Health() Health {
	number := filepath.Join(d.Sys, "class/misc/fuse/dev")
	data, err := os.ReadFile(number)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Health{DeviceMissing, "the node's kernel has no FUSE: load the module fuse"}
	case err != nil:
		return Health{DeviceMissing, fmt.Sprintf("cannot see whether the kernel has FUSE: %v", err)}
	case strings.TrimSpace(string(data)) != fmt.Sprintf("%d:%d", major, minor):
		return Health{DeviceMissing, fmt.Sprintf("%s is %s, not %d:%d", number, strings.TrimSpace(string(data)), major, minor)}
	case d.Dev == "":
		return Health{State: DeviceUsable}
	}
	path := filepath.Join(d.Dev, "fuse")
	var st unix.Stat_t
	switch err := unix.Stat(path, &st); {
	case errors.Is(err, fs.ErrNotExist):
		return Health{DeviceMissing, fmt.Sprintf("the node has no %s", DevicePath)}
	case err != nil: // a security module's right; pods may be allowed more
		return Health{DeviceUnseen, fmt.Sprintf("cannot see the mode of the node's %s: %v", DevicePath, err)}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(major, minor) {
		return Health{DeviceMissing, fmt.Sprintf("the node's %s is not the character device %d:%d", DevicePath, major, minor)}
	}
	if st.Mode&0o666 != 0o666 {
		return Health{DeviceShut, fmt.Sprintf("the node's %s has mode %04o: only root can open it; udev's default is 0666", DevicePath, st.Mode&0o7777)}
	}
	return Health{State: DeviceUsable}
}
