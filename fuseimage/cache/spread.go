package cache

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// topDir is FS_TOPDIR_FL of linux/fs.h.
const topDir = 0x00020000

// filesDir makes the directory that holds a cache's files. Ext4 looks for a new file's inode near its directory, past
// every one that was deleted there in the last minutes, which on the busy /tmp of a node takes 20 times as long as
// elsewhere; a directory below one with this flag is put where there is room. Other file systems refuse the flag.
func filesDir(own string) (string, error) {
	if d, err := os.Open(own); err == nil {
		if flags, err := unix.IoctlGetInt(int(d.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
			_ = unix.IoctlSetPointerInt(int(d.Fd()), unix.FS_IOC_SETFLAGS, flags|topDir)
		}
		d.Close()
	}
	return os.MkdirTemp(own, "files-") // its name decides where, so it has to differ from cache to cache
}

// openBytes opens one of these files, made if need be. Its times are the task's; that we read it to store it is no access.
func openBytes(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOATIME|flags, 0o600)
}
