package csi

import (
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// admit refuses a volume that the disk cannot hold beside what it has promised to others, and gives it a
// project id where its size is to be enforced. s.mu is held, so that no promise is made twice.
func (s *scratch) admit(v *volume, enforce bool) error {
	all, err := s.records()
	if err != nil {
		return err
	}
	total, free, err := space(s.store)
	if err != nil {
		return err
	}
	promised, taken := int64(0), map[uint32]bool{}
	for _, other := range all {
		promised += other.Size
		taken[other.Project] = true
	}
	s.metrics.space(total, free, promised, len(all))
	if v.Size == 0 {
		return nil // no promise: it gets what others leave
	}
	if promised+v.Size > total || v.Size > free {
		return status.Errorf(codes.ResourceExhausted, "the volume wants %d bytes; of the disk's %d bytes %d are promised to other volumes and %d are free",
			v.Size, total, promised, free)
	}
	switch {
	case s.quota != nil:
		v.Project = firstProject
		for taken[v.Project] {
			v.Project++
		}
	case enforce:
		return status.Errorf(codes.FailedPrecondition, "this node cannot hold a volume to its size (no XFS project quota); leave the attribute %q out, or set %q to \"false\"", AttributeSize, AttributeEnforce)
	}
	return nil
}

// space tells the size of the filesystem and what is free of it, in bytes.
func space(dir string) (total, free int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	return int64(st.Blocks) * st.Frsize, int64(st.Bavail) * st.Frsize, nil
}
