package csi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// A runtime is the binary that runtime volumes show. It is copied to the node, below a name made of its content:
// a mount of the file in our own container would hold that container's image, and an update must not change the
// program under a task that runs.
type runtime struct {
	source string // in our image
	dir    string // on the node
	path   string // of the copy; set by install
}

const runtimeFile = "fusion"

// install copies the binary to the node unless it is there.
func (r *runtime) install() error {
	source, err := os.Open(r.source)
	if err != nil {
		return err
	}
	defer source.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, source); err != nil {
		return err
	}
	dir := filepath.Join(r.dir, hex.EncodeToString(hash.Sum(nil))[:16])
	r.path = filepath.Join(dir, runtimeFile)
	if exists(r.path) { // renamed there when it was whole
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := source.Seek(0, io.SeekStart); err != nil {
		return err
	}
	half, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(half.Name())
	_, err = io.Copy(half, source)
	if err := errors.Join(err, half.Chmod(0o755), half.Sync(), half.Close()); err != nil {
		return fmt.Errorf("cannot copy %s: %w", r.source, err)
	}
	return os.Rename(half.Name(), r.path)
}

// shows reports whether a mount is of one of our copies.
func (r *runtime) shows(m *mountinfo.Info) bool {
	name, file := filepath.Split(m.Root)
	tail := filepath.Join(filepath.Base(filepath.Dir(r.dir)), filepath.Base(r.dir)) // plugins/NAME is unique enough on a node
	return file == runtimeFile && strings.HasSuffix(filepath.Dir(filepath.Clean(name)), tail)
}

// prune removes copies that no pod has mounted, except the current one.
func (r *runtime) prune() error {
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	mounts, err := mountinfo.GetMounts(func(i *mountinfo.Info) (skip, stop bool) { return !r.shows(i), false })
	if err != nil {
		return err
	}
	used := map[string]bool{filepath.Base(filepath.Dir(r.path)): true}
	for _, m := range mounts {
		used[filepath.Base(filepath.Dir(m.Root))] = true
	}
	for _, e := range entries {
		if !used[e.Name()] {
			err = errors.Join(err, os.RemoveAll(filepath.Join(r.dir, e.Name())))
		}
	}
	return err
}
