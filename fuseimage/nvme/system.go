package nvme

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// A System is what changes the node, and what only a real kernel can answer. Tests have another.
type System interface {
	// Run runs a tool of the node. The error has what the tool said, or is exec.ErrNotFound.
	Run(ctx context.Context, name string, args ...string) error
	// Mount mounts a device.
	Mount(device, dir, filesystem string, flags uintptr, data string) error
	// Claim opens a device for writing and for itself alone, and lets go again. unix.EBUSY: somebody has it,
	// also where the use is in another mount namespace.
	Claim(device, number string) error
	// Erase makes both ends of a device of ours blank, the superblock last: until then it is known as ours.
	Erase(device string) error
	// Space tells what is mounted at dir: the filesystem's magic number and its bytes.
	Space(dir string) (kind, total, free int64, err error)
}

// The Kernel is the real System.
type Kernel struct{}

// Run has no standard input: a tool that would ask before it overwrites gets no for an answer.
func (Kernel) Run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C")
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return err
		}
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}

func (Kernel) Mount(device, dir, filesystem string, flags uintptr, data string) error {
	return unix.Mount(device, dir, filesystem, flags, data)
}

func (Kernel) Claim(device, number string) error {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if got := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev)); st.Mode&unix.S_IFMT != unix.S_IFBLK || got != number {
		return fmt.Errorf("%s is device %s, the sysfs says %s", device, got, number)
	}
	return nil
}

func (Kernel) Erase(device string) error {
	f, err := os.OpenFile(device, os.O_WRONLY|unix.O_EXCL, 0)
	if err != nil {
		return err
	}
	const superblock = 4096
	end, err := f.Seek(0, io.SeekEnd)
	for _, from := range []int64{end - edge, superblock, 0} {
		length := edge
		if from == 0 {
			length = superblock
		}
		if err == nil {
			_, err = f.WriteAt(make([]byte, length), from)
			err = errors.Join(err, f.Sync())
		}
	}
	return errors.Join(err, f.Close())
}

func (Kernel) Space(dir string) (kind, total, free int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, 0, err
	}
	return int64(st.Type), int64(st.Blocks) * st.Frsize, int64(st.Bavail) * st.Frsize, nil
}
