// Package mount attaches a FUSE connection to a directory with whatever rights the process has:
// by mount(2), inside a user and mount namespace of its own, or through fusermount3.
//
// A namespace's mount is seen by the process that made it and by its children only, so the
// process that serves the file system must also start the workload.
package mount

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Device is the path of the kernel's FUSE device.
const Device = "/dev/fuse"

// fsType shows up in /proc/mounts; a second launcher recognises the first one's mount by it.
const fsType = "fuse.fusion"

// A Connection is a mounted, not yet served FUSE connection.
type Connection struct {
	FD  int    // the open /dev/fuse; the server owns it
	Dir string // where it is mounted

	helper bool // mounted by fusermount3, which must also unmount it
}

// ServePath is the mount point to give to a go-fuse server, which then serves the
// connection instead of mounting again.
func (c *Connection) ServePath() string { return fmt.Sprintf("/dev/fd/%d", c.FD) }

// Helped reports whether fusermount3 made the mount.
func (c *Connection) Helped() bool { return c.helper }

// Unmount detaches the directory at once, even while processes still use it.
func (c *Connection) Unmount() error {
	if !c.helper {
		return os.NewSyscallError("umount2", unix.Unmount(c.Dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW))
	}
	bin, err := helperPath()
	if err != nil {
		return err
	}
	if out, err := exec.Command(bin, "-u", "-z", "--", c.Dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%s -u %s: %w: %s", bin, c.Dir, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Direct mounts with mount(2), which needs CAP_SYS_ADMIN in the owning user namespace.
// The error is a *Failure.
func Direct(dir string) (*Connection, error) {
	mode, err := checkDir(dir)
	if err != nil {
		return nil, err
	}
	fd, err := openDevice()
	if err != nil {
		return nil, err
	}
	// allow_other: a task may start processes under another uid; who may enter the mount is
	// decided by its namespace and by the file modes.
	data := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d,allow_other,default_permissions",
		fd, mode, os.Geteuid(), os.Getegid())
	if err := unix.Mount("fusion", dir, fsType, unix.MS_NOSUID|unix.MS_NODEV, data); err != nil {
		unix.Close(fd)
		return nil, &Failure{Stage: StageMount, Subject: dir, Err: err}
	}
	return &Connection{FD: fd, Dir: dir}, nil
}

// Served reports whether dir is a mount of ours whose server lives.
func Served(dir string) bool { return Mounted(dir) && !dead(dir) }

// dead reports whether nobody answers for dir. The kernel answers a stat from its cache, but asks for the statfs.
func dead(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == unix.ENOTCONN
}

// Mounted reports whether dir is a mount of ours, seen from this process, with or without a server.
func Mounted(dir string) bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return false
	}
	// Fields: device, mount point (octal escapes), type, options, dump, pass.
	escape := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`)
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) > 2 && f[1] == escape.Replace(dir) && f[2] == fsType {
			return true
		}
	}
	return false
}

// checkDir returns the file type bits of dir, which the kernel wants as rootmode.
func checkDir(dir string) (uint32, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return 0, &Failure{Stage: StageDir, Subject: dir, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return 0, &Failure{Stage: StageDir, Subject: dir, Err: syscall.ENOTDIR}
	}
	return st.Mode & unix.S_IFMT, nil
}

func openDevice() (int, error) {
	fd, err := unix.Open(Device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &Failure{Stage: StageDevice, Subject: Device, Err: err}
	}
	return fd, nil
}

func helperPath() (string, error) {
	for _, name := range []string{"fusermount3", "/bin/fusermount3", "/usr/bin/fusermount3", "fusermount"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("fusermount3 is not installed")
}
