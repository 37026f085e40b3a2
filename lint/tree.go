package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is the largest file that is read, in bytes: the API server takes 3 MiB, IAM 10 kB.
const maxFile = 5 << 20

// Tree is where files are read from. Names are slash-separated and clean; they may start with ../ or / on a disk.
type Tree interface {
	// ReadFile fails for what is no regular file, or larger than 5 MiB.
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// Stat follows symbolic links.
	Stat(name string) (fs.FileInfo, error)
}

// errNotRead are the reasons why a file that is there is not read; they are findings, not failures.
type errNotRead struct{ why string }

func (e errNotRead) Error() string { return e.why }

// Disk reads the file system of the process; relative names start at its working directory.
type Disk struct{}

// ReadFile reads a regular file.
func (Disk) ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a FIFO would wait for a writer
		return nil, errNotRead{fmt.Sprintf("is a %s, not a file", describe(info.Mode()))}
	}
	if info.Size() > maxFile {
		return nil, errNotRead{fmt.Sprintf("has %d MiB; files above %d MiB are not read", info.Size()>>20, maxFile>>20)}
	}
	return os.ReadFile(filepath.FromSlash(name))
}

// ReadDir lists a directory, sorted by name.
func (Disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(filepath.FromSlash(name)) }

// Stat describes a file.
func (Disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(filepath.FromSlash(name)) }

func (Disk) root() (string, error) { return os.Getwd() }

// root is the absolute directory that relative names of a tree start at; a tree in memory has its own.
func root(t Tree) (string, error) {
	if t, ok := t.(interface{ root() (string, error) }); ok {
		return t.root()
	}
	return "/", nil
}

func describe(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	case mode.IsDir():
		return "directory"
	}
	return "special file"
}

// FromFS makes a Tree of an fs.FS, such as a generated tree in memory.
func FromFS(fsys fs.FS) Tree { return memory{fsys} }

type memory struct{ fsys fs.FS }

func (m memory) ReadFile(name string) ([]byte, error)       { return fs.ReadFile(m.fsys, name) }
func (m memory) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(m.fsys, name) }
func (m memory) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(m.fsys, name) }

// clean is the name that a path is known by: slashes, and relative where it lies below the working directory.
func clean(name string) string {
	name = filepath.Clean(name)
	if filepath.IsAbs(name) {
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, name); err == nil && !strings.HasPrefix(rel, "..") {
				name = rel
			}
		}
	}
	return filepath.ToSlash(name)
}

// notRead says whether err only means that this file is not for us to read.
func notRead(err error) (string, bool) {
	var not errNotRead
	if errors.As(err, &not) {
		return not.why, true
	}
	if errors.Is(err, fs.ErrPermission) {
		return "cannot be read: permission denied", true
	}
	return "", false
}
