package nvme

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// accountVariable tells the process that EnterHost started which descriptor is the service account's directory.
const accountVariable = "FUSIONGEN_SERVICE_ACCOUNT_FD"

// ServiceAccount is where Kubernetes mounts a pod's service account.
const ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// EnterHost starts this program again in the mount namespace of the node's first process, with the same arguments,
// and does not return then. There the node's own mdadm and mkfs run, mounts are the node's, and none of them can be
// left behind in ours. It returns where that is where we are, with the directory of the service account.
func EnterHost() (account string, err error) {
	if fd := os.Getenv(accountVariable); fd != "" {
		return "/proc/self/fd/" + fd, nil
	}
	ours, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return "", err
	}
	first, err := os.Readlink("/proc/1/ns/mnt")
	if err != nil {
		return "", fmt.Errorf("cannot see the node's first process: the pod needs hostPID and to be privileged: %w", err)
	}
	if ours == first {
		return ServiceAccount, nil
	}
	// Our own files, as descriptors that a change of namespace leaves alone.
	self, err := unix.Open("/proc/self/exe", unix.O_PATH, 0)
	if err != nil {
		return "", err
	}
	directory, err := unix.Open(ServiceAccount, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil && err != unix.ENOENT {
		return "", err
	}
	namespace, err := unix.Open("/proc/1/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	// exec ends all threads but this one, so its namespace becomes the process's.
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_FS); err != nil { // setns wants a root directory that is not shared
		return "", fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Setns(namespace, unix.CLONE_NEWNS); err != nil {
		return "", fmt.Errorf("cannot enter the node's mount namespace: the pod needs to be privileged: %w", err)
	}
	env := append(os.Environ(), accountVariable+"="+strconv.Itoa(directory))
	return "", unix.Exec("/proc/self/fd/"+strconv.Itoa(self), os.Args, env)
}
