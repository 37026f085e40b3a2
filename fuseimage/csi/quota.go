package csi

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A quota holds directories to a size. The task can leave a project by an ioctl on its own files, as with any
// project quota: it guards against mistakes, and the sum of all is bounded by the disk.
type quota interface {
	// limit puts an empty directory, and so all that will be made in it, under project, at most size bytes.
	limit(dir string, project uint32, size int64) error
	// clear frees the project. dir is anywhere on the filesystem.
	clear(dir string, project uint32) error
}

// projectQuota is the XFS project quota of the filesystem that dir is on; the error says why there is none.
func projectQuota(dir string) (quota, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return nil, err
	}
	if st.Type != unix.XFS_SUPER_MAGIC {
		return nil, fmt.Errorf("%s is not on XFS", dir)
	}
	var state [256]byte // struct fs_quota_stat; its flags are the 16 bits at offset 2
	if err := quotactl(dir, getState, 0, unsafe.Pointer(&state)); err != nil {
		return nil, fmt.Errorf("the kernel has no XFS quota, or the filesystem was mounted without prjquota: %w", err)
	}
	flags := *(*uint16)(unsafe.Pointer(&state[2]))
	if flags&(accounted|enforcedFlag) != accounted|enforcedFlag {
		return nil, fmt.Errorf("the filesystem was mounted without prjquota (flags %#x)", flags)
	}
	return xfsQuota{}, nil
}

type xfsQuota struct{}

// include/uapi/linux/dqblk_xfs.h, fs.h and quota.h of Linux.
const (
	getState     = 'X'<<8 + 5 // Q_XGETQSTAT
	setLimits    = 'X'<<8 + 4 // Q_XSETQLIM
	accounted    = 1 << 4     // FS_QUOTA_PDQ_ACCT
	enforcedFlag = 1 << 5     // FS_QUOTA_PDQ_ENFD
	projectType  = 2          // PRJQUOTA
	softLimit    = 1 << 2     // FS_DQ_BSOFT
	hardLimit    = 1 << 3     // FS_DQ_BHARD
	basicBlock   = 512        // bytes in which limits count

	getAttributes = 0x801c581f // FS_IOC_FSGETXATTR
	setAttributes = 0x401c5820 // FS_IOC_FSSETXATTR
	inherit       = 0x200      // FS_XFLAG_PROJINHERIT
)

// limits is struct fs_disk_quota.
type limits struct {
	version int8
	flags   int8
	fields  uint16
	id      uint32
	hard    uint64 // basic blocks
	soft    uint64
	_       [2]uint64 // inodes
	used    uint64
	_       [9]uint64
}

// attributes is struct fsxattr.
type attributes struct {
	flags, extent, extents, project, cow uint32
	_                                    [8]byte
}

func (xfsQuota) limit(dir string, project uint32, size int64) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	var a attributes
	if err := ioctl(f, getAttributes, &a); err != nil {
		return err
	}
	a.flags |= inherit
	a.project = project
	if err := ioctl(f, setAttributes, &a); err != nil {
		return err
	}
	return setLimit(dir, project, size)
}

func (xfsQuota) clear(dir string, project uint32) error { return setLimit(dir, project, 0) }

func setLimit(dir string, project uint32, size int64) error {
	blocks := uint64(size) / basicBlock
	l := limits{version: 1, flags: projectType, fields: hardLimit | softLimit, id: project, hard: blocks, soft: blocks}
	return quotactl(dir, setLimits, project, unsafe.Pointer(&l))
}

// quotactl asks the filesystem that path is on (quotactl_fd(2), Linux 5.14), which needs no path of a device.
func quotactl(path string, command int, id uint32, data unsafe.Pointer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, errno := unix.Syscall6(unix.SYS_QUOTACTL_FD, f.Fd(), uintptr(command<<8|projectType), uintptr(id), uintptr(data), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func ioctl(f *os.File, command uintptr, a *attributes) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), command, uintptr(unsafe.Pointer(a)))
	if errno != 0 {
		return errno
	}
	return nil
}
