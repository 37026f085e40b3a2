package mount

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// A Stage is the step at which mounting failed.
type Stage string

// The stages, in the order in which they are passed.
const (
	StageDir       Stage = "mount point"
	StageDevice    Stage = "device"
	StageMount     Stage = "mount"
	StageNamespace Stage = "namespace" // clone(CLONE_NEWUSER|CLONE_NEWNS)
	StageInside    Stage = "mount in a user namespace"
	StageHelper    Stage = "fusermount3"
)

// A Failure says at which step mounting failed, and on what.
type Failure struct {
	Stage   Stage
	Subject string // the path concerned
	Err     error
}

func (f *Failure) Error() string { return fmt.Sprintf("%s %s: %v", f.Stage, f.Subject, f.Err) }

func (f *Failure) Unwrap() error { return f.Err }

// Explain says in one sentence why mounting failed on this node and what would be right.
// failures are those of the tiers tried, in order.
func Explain(node Node, failures ...error) error {
	for _, err := range failures {
		var f *Failure
		if !errors.As(err, &f) {
			continue
		}
		if s := f.sentence(node); s != "" {
			return fmt.Errorf("cannot mount: %s", s)
		}
	}
	return fmt.Errorf("cannot mount: %w", errors.Join(failures...))
}

// sentence returns "" where a later tier's failure tells more.
func (f *Failure) sentence(node Node) string {
	is := func(e syscall.Errno) bool { return errors.Is(f.Err, e) }
	switch {
	case f.Stage == StageDir && is(syscall.ENOENT):
		return fmt.Sprintf("the mount point %s does not exist; mount an emptyDir volume there, or create the directory in the image", f.Subject)
	case f.Stage == StageDir && is(syscall.ENOTDIR):
		return fmt.Sprintf("the mount point %s is not a directory; mount an emptyDir volume there", f.Subject)
	case f.Stage == StageDir:
		return fmt.Sprintf("the mount point %s cannot be used: %v", f.Subject, f.Err)

	case f.Stage == StageDevice && is(syscall.ENOENT):
		return fmt.Sprintf("there is no %s in this container; request the device plugin's resource (limits: nextflow.io/fuse: 1), or run privileged", Device)
	case f.Stage == StageDevice && (is(syscall.ENODEV) || is(syscall.ENXIO)):
		return "the node's kernel has no FUSE; load the module on the node (modprobe fuse)"
	case f.Stage == StageDevice && is(syscall.EPERM):
		return fmt.Sprintf("the container's device cgroup forbids %s (a hostPath volume or mknod is not enough); request the device plugin's resource (limits: nextflow.io/fuse: 1)", Device)
	case f.Stage == StageDevice && is(syscall.EACCES):
		return fmt.Sprintf("%s has mode %04o and owner %d, which shuts out uid %d; on the node: chmod 666 %s", Device, node.DeviceMode, node.DeviceOwner, node.UID, Device)
	case f.Stage == StageDevice:
		return fmt.Sprintf("%s cannot be opened: %v", Device, f.Err)

	case f.Stage == StageNamespace && (is(syscall.ENOSPC) || is(syscall.EUSERS)):
		return fmt.Sprintf("user namespaces are off on this node (user.max_user_namespaces = %d); set the sysctl to 16384 or more, or run privileged", node.MaxUserNamespaces)
	// This one is sure, whatever a seccomp profile says.
	case f.Stage == StageNamespace && is(syscall.EPERM) && node.UID == 0 && !node.Has(capSetfcap):
		return "root without CAP_SETFCAP may not make a user namespace; do not drop ALL capabilities of a root task, or run it as another user"
	case f.Stage == StageNamespace && is(syscall.EPERM) && node.Seccomp != 0:
		return "the seccomp profile forbids a user namespace; use seccompProfile Unconfined, or a Localhost profile that allows clone, unshare, mount and umount2"
	case f.Stage == StageNamespace && (is(syscall.EPERM) || is(syscall.EACCES)):
		return "this node forbids user namespaces to unprivileged processes" + node.apparmorHint() + "; allow them (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run privileged"

	case f.Stage == StageInside && node.AppArmorConfined():
		return fmt.Sprintf("the AppArmor profile %q forbids mounting; use appArmorProfile Unconfined, or a Localhost profile that allows mount", node.AppArmor)
	case f.Stage == StageInside && node.AppArmorRestricts:
		return "AppArmor takes the rights of an unprivileged user namespace away (kernel.apparmor_restrict_unprivileged_userns = 1); set it to 0 on the node, or run privileged"
	case f.Stage == StageInside && (is(syscall.EPERM) || is(syscall.EACCES)) && node.Seccomp != 0:
		return "the seccomp profile forbids mount(2) inside a user namespace; use seccompProfile Unconfined, or a Localhost profile that allows mount and umount2"
	case f.Stage == StageHelper && !node.CanMount():
		return fmt.Sprintf("mount(2) needs CAP_SYS_ADMIN, and fusermount3 did not help: %v", f.Err)

	case f.Stage == StageInside:
		return fmt.Sprintf("mount(2) inside a user namespace failed: %v", f.Err)
	}
	return ""
}

func (n Node) apparmorHint() string {
	if n.AppArmorRestricts {
		return " (AppArmor: kernel.apparmor_restrict_unprivileged_userns = 1)"
	}
	if n.AppArmorConfined() {
		return fmt.Sprintf(" (AppArmor profile %q)", n.AppArmor)
	}
	return ""
}

// AppArmorConfined reports whether the process runs under an enforcing AppArmor profile.
func (n Node) AppArmorConfined() bool {
	return n.AppArmor != "" && !strings.HasPrefix(n.AppArmor, "unconfined")
}
