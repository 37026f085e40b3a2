package doctor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
)

// Kernels: FUSE in user namespaces since 4.18 (8cb08329b080), passthrough since 6.9 (44350256ab94).
var (
	namespaceKernel   = [2]int{4, 18}
	passthroughKernel = [2]int{6, 9}
)

func (p Patient) kernel() Check {
	c := Check{Name: "kernel", Found: p.Node.Kernel}
	switch at := release(p.Node.Kernel); {
	case older(at, namespaceKernel):
		c.Verdict, c.Hint = Fail, "Linux 4.18 is the oldest that lets a user namespace mount FUSE"
	case older(at, passthroughKernel):
		c.Verdict, c.Hint = Degraded, "reads and writes pass through the launcher; from Linux 6.9 the kernel can go to the cache's files directly"
	case !p.Node.CanMount():
		c.Verdict, c.Found = Pass, c.Found+", passthrough not allowed without CAP_SYS_ADMIN"
	default:
		c.Verdict, c.Found = Pass, c.Found+", passthrough allowed"
	}
	return c
}

func (p Patient) device() Check {
	c := Check{Name: "device", Verdict: Pass, Found: fmt.Sprintf("%s, mode %04o", mount.Device, p.Node.DeviceMode)}
	if p.Node.DeviceErr != nil {
		c.Verdict, c.Found = Fail, strings.TrimPrefix(mount.Explain(p.Node, p.Node.DeviceErr).Error(), "cannot mount: ")
	}
	return c
}

func (p Patient) mounts() Check {
	way, err := p.Mount()
	if err != nil {
		return Check{Name: "mount", Verdict: Fail, Found: strings.TrimPrefix(err.Error(), "cannot mount: ")}
	}
	return Check{Name: "mount", Verdict: Pass, Found: way}
}

func (p Patient) namespaces() Check {
	c := Check{Name: "user namespaces", Verdict: Pass, Found: fmt.Sprintf("at most %d", p.Node.MaxUserNamespaces)}
	if p.Node.MaxUserNamespaces < 0 {
		c.Found = "no limit is told"
	}
	if p.Node.MaxUserNamespaces == 0 {
		c.Found, c.Hint = "off (user.max_user_namespaces = 0)", "set the sysctl to 16384 or more on the node; needed unless the pod is privileged"
		c.Verdict = p.unlessPrivileged(Fail)
	}
	return c
}

func (p Patient) seccomp() Check {
	if p.Node.Seccomp == 0 {
		return Check{Name: "seccomp", Verdict: Pass, Found: "unconfined"}
	}
	return Check{
		Name: "seccomp", Verdict: p.unlessPrivileged(Degraded), Found: "a filter is on",
		Hint: "an unprivileged mount needs clone, unshare, mount and umount2; the line \"mount\" says whether it has them",
	}
}

func (p Patient) apparmor() Check {
	switch {
	case p.Node.AppArmorConfined():
		return Check{Name: "AppArmor", Verdict: Degraded, Found: "profile " + p.Node.AppArmor, Hint: "it has to allow mount; the line \"mount\" says whether it does"}
	case p.Node.AppArmorRestricts:
		return Check{
			Name: "AppArmor", Verdict: p.unlessPrivileged(Fail), Found: "user namespaces get no rights (kernel.apparmor_restrict_unprivileged_userns = 1)",
			Hint: "set it to 0 on the node, or run privileged",
		}
	}
	return Check{Name: "AppArmor", Verdict: Pass, Found: "does not confine this container"}
}

// unlessPrivileged passes what only matters to a mount in a user namespace.
func (p Patient) unlessPrivileged(v Verdict) Verdict {
	if p.Node.CanMount() {
		return Pass
	}
	return v
}

// What the cache's disk should have at least (Fusion asks for 200 GB and recommends local disks).
const (
	leastFree = 1 << 30
	goodFree  = 50 << 30
)

func (p Patient) cache() Check {
	c := Check{Name: "cache disk", Verdict: Pass}
	file, err := os.CreateTemp(p.CacheDir, ".fusion-doctor-")
	if err != nil {
		c.Verdict, c.Found, c.Hint = Fail, err.Error(), "mount an emptyDir at /tmp, or set FUSION_CACHE_LOCATION to a directory that can be written"
		return c
	}
	err = errors.Join(file.Close(), os.Remove(file.Name()))
	var st unix.Statfs_t
	if err = errors.Join(err, unix.Statfs(p.CacheDir, &st)); err != nil {
		c.Verdict, c.Found = Fail, err.Error()
		return c
	}
	free := int64(st.Bavail) * st.Bsize
	kind := fileSystem(st.Type)
	c.Found = fmt.Sprintf("%s on %s, %.1f GiB free", p.CacheDir, kind, float64(free)/(1<<30))
	switch {
	case free < leastFree:
		c.Verdict, c.Hint = Fail, "all that a task reads and writes passes through here; give it a larger disk"
	case kind == "tmpfs":
		c.Verdict, c.Hint = Degraded, "this is memory, which counts against the container's limit; use a disk"
	case free < goodFree:
		c.Verdict, c.Hint = Degraded, "a task whose working set is larger has to fetch parts again"
	}
	return c
}

func fileSystem(magic int64) string {
	names := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.TMPFS_MAGIC: "tmpfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
		unix.BTRFS_SUPER_MAGIC: "btrfs", unix.NFS_SUPER_MAGIC: "nfs", unix.FUSE_SUPER_MAGIC: "fuse",
	}
	if name, ok := names[magic]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", magic)
}

// leastMemory leaves the runtime its budget and a task something.
const leastMemory = 256 << 20

func (p Patient) memory() Check {
	c := Check{Name: "memory", Verdict: Pass, Found: "no limit"}
	if p.Memory > 0 {
		c.Found = fmt.Sprintf("limit of %d MiB", p.Memory>>20)
		if p.Memory < leastMemory {
			c.Verdict, c.Hint = Degraded, "the runtime takes up to 128 MiB for itself, at least 48 MiB"
		}
	}
	return c
}

// release reads the two numbers at the head of a kernel release.
func release(text string) (out [2]int) {
	for i, part := range strings.SplitN(text, ".", 3) {
		if i < 2 {
			digits := strings.TrimRight(part, "+-abcdefghijklmnopqrstuvwxyz")
			out[i], _ = strconv.Atoi(digits)
		}
	}
	return out
}

func older(a, b [2]int) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }
