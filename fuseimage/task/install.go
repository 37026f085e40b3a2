package task

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// install copies this binary to DEST, for init containers and node daemons. A launcher that runs from an older
// DEST goes on with its own.
func (p Program) install(args []string) int {
	if len(args) != 1 {
		return p.fail(errors.New("usage: fusion install DEST"))
	}
	if err := copyBinary(args[0]); err != nil {
		return p.fail(fmt.Errorf("cannot install: %w", err))
	}
	return 0
}

func copyBinary(dest string) (err error) {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(dest), "."+filepath.Base(dest)+".")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name()) // gone after the rename
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Chmod(0o755), to.Sync(), to.Close()); err != nil {
		return err
	}
	return os.Rename(to.Name(), dest)
}

// wait does nothing until it is told to end: a container that only holds a volume.
func (p Program) wait() int {
	for s := range notify() {
		if s == unix.SIGINT || s == unix.SIGTERM {
			break
		}
	}
	return 0
}
