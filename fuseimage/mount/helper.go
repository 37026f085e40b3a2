package mount

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// Helper mounts through the setuid program fusermount3, which opens the device, mounts, and
// sends the open device back over a socket (libfuse util/fusermount.c, _FUSE_COMMFD).
// The error is a *Failure.
func Helper(dir string) (*Connection, error) {
	if _, err := checkDir(dir); err != nil {
		return nil, err
	}
	bin, err := helperPath()
	if err != nil {
		return nil, &Failure{Stage: StageHelper, Subject: dir, Err: err}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, &Failure{Stage: StageHelper, Subject: dir, Err: err}
	}
	defer unix.Close(pair[0])
	remote := os.NewFile(uintptr(pair[1]), "fusermount")
	defer remote.Close()

	var stderr bytes.Buffer
	cmd := exec.Command(bin, "-o", "nosuid,nodev,default_permissions,fsname=fusion,subtype=fusion", "--", dir)
	cmd.Env = append(os.Environ(), "_FUSE_COMMFD=3")
	cmd.Stderr = &stderr
	cmd.ExtraFiles = []*os.File{remote}
	if err := cmd.Run(); err != nil {
		said := strings.TrimPrefix(strings.TrimSpace(stderr.String()), "fusermount3: ")
		return nil, &Failure{Stage: StageHelper, Subject: dir, Err: errors.Join(fmt.Errorf("fusermount3: %w", err), errors.New(said))}
	}
	fd, err := receiveFD(pair[0])
	if err != nil {
		return nil, &Failure{Stage: StageHelper, Subject: dir, Err: err}
	}
	return &Connection{FD: fd, Dir: dir, helper: true}, nil
}

func receiveFD(socket int) (int, error) {
	var data [4]byte
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, data[:], control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return -1, err
	}
	if len(messages) != 1 {
		return -1, fmt.Errorf("fusermount3 sent %d control messages, want 1", len(messages))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	if len(fds) != 1 {
		return -1, fmt.Errorf("fusermount3 sent %d descriptors, want 1", len(fds))
	}
	return fds[0], nil
}
