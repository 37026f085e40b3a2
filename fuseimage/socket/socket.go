// Package socket keeps unix sockets in directories that the kubelet shares with plugins, and cleans when it starts.
package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// MaxPath is the longest path that we bind, in bytes. The kernel's limit is 107 (unix(7)); the rest is for a
// kubelet that sees the directory under a longer name.
const MaxPath = 100

// An Identity tells two files apart that had one path: sockets are not written, so the time of the last write is
// that of their making, and inode numbers alone are used again.
type Identity struct {
	Device, Inode uint64
	Made          unix.Timespec
}

// Identify returns the zero Identity where there is no socket.
func Identify(path string) Identity {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return Identity{}
	}
	return Identity{Device: uint64(st.Dev), Inode: st.Ino, Made: st.Mtim}
}

// Exists reports whether there was a socket.
func (i Identity) Exists() bool { return i != Identity{} }

// A Listener accepts on a socket whose file may vanish under it.
type Listener struct {
	*net.UnixListener
	path string
	id   Identity
}

// Listen binds path, in place of a socket that an earlier process left there. What is no socket is not removed.
func Listen(path string) (*Listener, error) {
	if len(path) > MaxPath {
		return nil, fmt.Errorf("the socket path %s has %d bytes; at most %d work everywhere", path, len(path), MaxPath)
	}
	if Identify(path).Exists() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // the path may be a successor's by then
	return &Listener{UnixListener: l, path: path, id: Identify(path)}, nil
}

// Present reports whether the path still leads to this listener.
func (l *Listener) Present() bool { return l.id.Exists() && Identify(l.path) == l.id }

// Remove takes the socket's file away if it is still ours.
func (l *Listener) Remove() {
	if l.Present() {
		_ = os.Remove(l.path)
	}
}
