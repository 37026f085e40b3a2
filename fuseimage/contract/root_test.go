package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// build makes the root file system and moves into it.
func (b box) build() error {
	in := func(path string) string { return filepath.Join(b.Root, path) }
	steps := []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("root", b.Root, "tmpfs", 0, "mode=755") },
	}
	for _, dir := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/sys"} {
		steps = append(steps, func() error { return mirror(dir, in(dir)) })
	}
	steps = append(steps,
		func() error { return bindFile(b.Binary, in("/opt/fusion")) },
		func() error {
			if b.TmpSize != "" {
				return makeMount("tmp", in("/tmp"), "tmpfs", "mode=1777,size="+b.TmpSize)
			}
			return bindDir(b.Tmp, in("/tmp"))
		},
		func() error { return b.devices(in("/dev")) },
		func() error { return makeMount("proc", in("/proc"), "proc", "") },
	)
	switch {
	case b.NoPoint:
	case b.ReadOnly:
		steps = append(steps, func() error { return makeMount("emptydir", in("/fusion"), "tmpfs", "mode=777") })
	default:
		steps = append(steps, func() error { return os.Mkdir(in("/fusion"), 0o755) })
	}
	for path, text := range b.Files {
		steps = append(steps, func() error {
			if err := os.MkdirAll(filepath.Dir(in(path)), 0o755); err != nil {
				return err
			}
			return os.WriteFile(in(path), []byte(text), 0o755)
		})
	}
	steps = append(steps,
		func() error { return os.Mkdir(in("/old"), 0o700) },
		func() error { return unix.PivotRoot(b.Root, in("/old")) },
		func() error { return os.Chdir("/") },
		func() error { return unix.Unmount("/old", unix.MNT_DETACH) },
		func() error { return os.Remove("/old") },
	)
	if b.ReadOnly {
		steps = append(steps, func() error { return unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "") })
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("box: step %d: %w", i, err)
		}
	}
	return nil
}

func (b box) devices(dir string) error {
	if err := makeMount("dev", dir, "tmpfs", "mode=755"); err != nil {
		return err
	}
	unix.Umask(0)
	defer unix.Umask(0o022)
	nodes := map[string][3]uint32{"null": {1, 3, 0o666}, "zero": {1, 5, 0o666}, "full": {1, 7, 0o666}, "random": {1, 8, 0o666}, "urandom": {1, 9, 0o666}, "tty": {5, 0, 0o666}}
	if !b.NoDevice {
		nodes["fuse"] = [3]uint32{10, 229, b.DevMode}
	}
	for name, n := range nodes {
		if err := unix.Mknod(filepath.Join(dir, name), unix.S_IFCHR|n[2], int(unix.Mkdev(n[0], n[1]))); err != nil {
			return err
		}
	}
	if err := makeMount("devpts", filepath.Join(dir, "pts"), "devpts", "newinstance,ptmxmode=0666,mode=620"); err != nil {
		return err
	}
	for name, to := range map[string]string{"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func (b box) dropRights() error {
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		if b.Caps>>c&1 == 0 {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && err != unix.EINVAL {
				return err
			}
		}
	}
	if b.UID != 0 {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
		if err := syscall.Setgroups(nil); err != nil {
			return err
		}
		if err := syscall.Setgid(b.UID); err != nil {
			return err
		}
		if err := syscall.Setuid(b.UID); err != nil {
			return err
		}
	}
	if len(b.Deny) > 0 {
		return deny(b.Deny)
	}
	return nil
}

// mirror binds a directory of the node read-only, or repeats it when it is a link (/bin → usr/bin).
func mirror(from, to string) error {
	if link, err := os.Readlink(from); err == nil {
		return os.Symlink(link, to)
	}
	if err := bindDir(from, to); err != nil {
		return err
	}
	return unix.Mount("", to, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

func bindDir(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
}

func bindFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to, nil, 0o755); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND, "")
}

func makeMount(source, dir, kind, options string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return unix.Mount(source, dir, kind, 0, options)
}
