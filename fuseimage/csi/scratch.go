package csi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The store of scratch volumes, below the scratch directory:
//
//	csi/             0700, root's: no pod reaches another's volume
//	csi/ID/volume    what a volume is (JSON)
//	csi/ID/data      what the pod sees, 1777, with the project quota
//	csi/.new-ID      a volume that is being made; renamed to csi/ID when whole
//	csi/.gone-ID     a volume that is being removed
const (
	storeName    = "csi"
	newPrefix    = ".new-"
	gonePrefix   = ".gone-"
	firstProject = 0x46550001 // ids of quota projects from here on, away from those that people hand out
	sizeInBlock  = 4096       // sizes are kept in whole blocks of XFS
)

// A volume is one scratch volume, as its file says.
type volume struct {
	ID      string `json:"-"`
	Target  string `json:"target"`
	Pod     string `json:"pod"`
	Size    int64  `json:"size"`    // bytes; 0: no limit
	Project uint32 `json:"project"` // of the quota; 0: none
	data    string // path
}

type scratch struct {
	dir     string // may appear later: the node's disk may not be prepared yet
	store   string
	log     *slog.Logger
	metrics *metrics

	detect func(dir string) (quota, error)

	mu     sync.Mutex // held while the sum of sizes must not change
	device uint64     // guarded by mu; the filesystem that quota is about
	quota  quota      // guarded by mu; nil where the kernel holds no volume to its size
}

func newScratch(dir string, log *slog.Logger, m *metrics) *scratch {
	return &scratch{dir: dir, store: filepath.Join(dir, storeName), log: log, metrics: m, detect: projectQuota}
}

// open makes the store and removes what a kill left half made. s.mu is held.
func (s *scratch) open() error {
	if !exists(s.dir) {
		s.metrics.ready.Set(0)
		return status.Errorf(codes.Unavailable, "the node's scratch directory %s is not there (yet): its disk is not prepared", s.dir)
	}
	if err := os.Mkdir(s.store, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(s.store, &st); err != nil {
		return err
	}
	// Any pod with the scratch directory as its hostPath could have been here first.
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != 0 || st.Mode&0o077 != 0 {
		return fmt.Errorf("%s is not a directory that only root can enter; remove it", s.store)
	}
	s.metrics.ready.Set(1)
	if st.Dev == s.device {
		return nil
	}
	// The first look, or another disk than last time.
	q, err := s.detect(s.store)
	s.device, s.quota = st.Dev, q
	s.metrics.enforced(err == nil)
	if err == nil {
		s.log.Info("the kernel holds scratch volumes to their size", "directory", s.dir)
	} else {
		s.log.Warn("scratch volumes cannot be held to their size; those with a size are refused unless enforce is \"false\"", "directory", s.dir, "error", err)
	}
	return s.sweep()
}

// sweep removes half made and half removed volumes.
func (s *scratch) sweep() error {
	entries, err := os.ReadDir(s.store)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), newPrefix) || strings.HasPrefix(e.Name(), gonePrefix) {
			err = errors.Join(err, erase(filepath.Join(s.store, e.Name()), s.quota))
		}
	}
	return err
}

// volumes lists what there is; none where the disk is not prepared.
func (s *scratch) volumes() ([]volume, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !exists(s.dir) {
		s.metrics.ready.Set(0)
		return nil, nil
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.list()
}

// list reads all volumes. s.mu is held.
func (s *scratch) list() ([]volume, error) {
	all, err := s.records()
	return slices.DeleteFunc(all, func(v volume) bool { return strings.HasPrefix(v.ID, ".") }), err
}

// records reads all volumes and those under removal, whose quota is still in use. s.mu is held.
func (s *scratch) records() ([]volume, error) {
	entries, err := os.ReadDir(s.store)
	if err != nil {
		return nil, err
	}
	var out []volume
	for _, e := range entries {
		v, err := s.read(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (s *scratch) read(id string) (volume, error) {
	v := volume{ID: id, data: filepath.Join(s.store, id, "data")}
	data, err := os.ReadFile(filepath.Join(s.store, id, "volume"))
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return v, fmt.Errorf("volume %s: %w", id, err)
	}
	return v, nil
}

// make returns the volume of a request and whether this call made it.
func (s *scratch) make(q request) (v volume, made bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return volume{}, false, err
	}
	q.size = (q.size + sizeInBlock - 1) / sizeInBlock * sizeInBlock
	if v, err = s.read(q.id); err == nil {
		if v.Size != q.size || v.Target != q.target {
			return v, false, status.Errorf(codes.AlreadyExists, "volume %s is there with %d bytes at %s", v.ID, v.Size, v.Target)
		}
		return v, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return v, false, err
	}
	v = volume{ID: q.id, Target: q.target, Pod: q.pod, Size: q.size, data: filepath.Join(s.store, q.id, "data")}
	if err := s.admit(&v, q.enforce); err != nil {
		return v, false, err
	}
	if err := s.create(v); err != nil {
		return v, false, errors.Join(err, erase(filepath.Join(s.store, newPrefix+v.ID), s.quota))
	}
	return v, true, nil
}

// create makes the volume's directory whole before it gets its name. s.mu is held.
func (s *scratch) create(v volume) error {
	half := filepath.Join(s.store, newPrefix+v.ID)
	if err := erase(half, s.quota); err != nil {
		return err
	}
	if err := os.Mkdir(half, 0o700); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(half, "volume"), data, 0o600); err != nil {
		return err
	}
	dir := filepath.Join(half, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if v.Project != 0 {
		if err := s.quota.limit(dir, v.Project, v.Size); err != nil {
			return fmt.Errorf("cannot set the quota: %w", err)
		}
	}
	if err := os.Chmod(dir, 0o777|fs.ModeSticky); err != nil {
		return err
	}
	return os.Rename(half, filepath.Join(s.store, v.ID))
}

// remove deletes a volume; one that is gone is no error.
func (s *scratch) remove(id string) error {
	whole, gone := filepath.Join(s.store, id), filepath.Join(s.store, gonePrefix+id)
	if !exists(whole) && !exists(gone) {
		return nil
	}
	s.mu.Lock()
	err := s.open()
	quota := s.quota
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := os.Rename(whole, gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return erase(gone, quota) // without the lock: it may take long
}

// erase deletes a directory of the store, then frees its quota. Anything mounted inside is not followed: nothing
// is deleted then.
func erase(dir string, quota quota) error {
	mounts, err := below(dir)
	if err != nil {
		return err
	}
	if len(mounts) > 0 {
		return fmt.Errorf("%s is not deleted: something is mounted inside it, at %s", dir, mounts[0].Mountpoint)
	}
	var v volume
	if data, err := os.ReadFile(filepath.Join(dir, "volume")); err == nil {
		_ = json.Unmarshal(data, &v) // half written: then it has no quota yet
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		return err
	}
	if v.Project != 0 && quota != nil {
		if err := quota.clear(dir, v.Project); err != nil {
			return fmt.Errorf("cannot free the quota: %w", err)
		}
	}
	return os.RemoveAll(dir)
}

func writeSynced(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
