package e2e

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Disk is a folder that a small disk of its own can take the place of, so that a test can fill it.
type Disk string

// ScratchDisk is where the node's service keeps the tasks' /tmp when the spec names no disk.
const ScratchDisk Disk = "/var/lib/fusion/scratch"

// Mount puts 256 MiB in the folder's place; who uses the folder must come later.
func (d Disk) Mount() error {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", string(d), "tmpfs", 0, "size=256m")
}

// Unmount takes it away again.
func (d Disk) Unmount() error { return syscall.Unmount(string(d), syscall.MNT_DETACH) }

// Fill leaves no byte of the disk free.
func (d Disk) Fill() error {
	f, err := os.Create(filepath.Join(string(d), "full"))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(errors.New("the scratch disk does not become full"), err)
	}
	return nil
}

// Drain undoes Fill.
func (d Disk) Drain() error {
	if err := os.Remove(filepath.Join(string(d), "full")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
