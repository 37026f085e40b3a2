package mount

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// Each way in which a node refuses gets one sentence that names the cause and what would be right.
func TestExplain(t *testing.T) {
	user := Node{UID: 1000, MaxUserNamespaces: 100}
	root := Node{UID: 0, MaxUserNamespaces: 100, Effective: 1<<capSetfcap | 1<<capSetuid | 1<<capSetgid}
	with := func(n Node, change func(*Node)) Node { change(&n); return n }
	fail := func(stage Stage, errno syscall.Errno) error { return &Failure{stage, "/fusion", errno} }
	noSeccomp := fail(StageMount, syscall.EPERM)
	for name, c := range map[string]struct {
		node     Node
		failures []error
		want     []string
	}{
		"no mount point":        {user, []error{fail(StageDir, syscall.ENOENT)}, []string{"/fusion does not exist", "emptyDir"}},
		"a file":                {user, []error{fail(StageDir, syscall.ENOTDIR)}, []string{"not a directory", "emptyDir"}},
		"closed mount point":    {user, []error{fail(StageDir, syscall.EACCES)}, []string{"/fusion cannot be used", "permission denied"}},
		"no device":             {user, []error{fail(StageDevice, syscall.ENOENT)}, []string{"no /dev/fuse", "nextflow.io/fuse: 1"}},
		"no module":             {user, []error{fail(StageDevice, syscall.ENODEV)}, []string{"modprobe fuse"}},
		"device by hostPath":    {user, []error{fail(StageDevice, syscall.EPERM)}, []string{"device cgroup", "hostPath"}},
		"device mode":           {with(user, func(n *Node) { n.DeviceMode = 0o600 }), []error{fail(StageDevice, syscall.EACCES)}, []string{"mode 0600", "uid 1000", "chmod 666"}},
		"device, other":         {user, []error{fail(StageDevice, syscall.EIO)}, []string{"cannot be opened", "input/output"}},
		"namespaces off":        {with(user, func(n *Node) { n.MaxUserNamespaces = 0 }), []error{noSeccomp, fail(StageNamespace, syscall.ENOSPC)}, []string{"max_user_namespaces = 0", "16384"}},
		"seccomp, clone":        {with(user, func(n *Node) { n.Seccomp = 2 }), []error{noSeccomp, fail(StageNamespace, syscall.EPERM)}, []string{"seccomp", "user namespace"}},
		"root without setfcap":  {with(root, func(n *Node) { n.Effective = 0 }), []error{noSeccomp, fail(StageNamespace, syscall.EPERM)}, []string{"CAP_SETFCAP", "drop ALL"}},
		"root, and seccomp":     {with(root, func(n *Node) { n.Effective, n.Seccomp = 0, 2 }), []error{noSeccomp, fail(StageNamespace, syscall.EPERM)}, []string{"CAP_SETFCAP"}},
		"AppArmor, clone":       {with(user, func(n *Node) { n.AppArmorRestricts = true }), []error{noSeccomp, fail(StageNamespace, syscall.EACCES)}, []string{"apparmor_restrict_unprivileged_userns"}},
		"old sysctl":            {user, []error{noSeccomp, fail(StageNamespace, syscall.EPERM)}, []string{"unprivileged_userns_clone"}},
		"AppArmor, mount":       {with(user, func(n *Node) { n.AppArmor = "cri-containerd.apparmor.d (enforce)" }), []error{noSeccomp, fail(StageInside, syscall.EACCES)}, []string{"AppArmor profile", "cri-containerd"}},
		"AppArmor, rights":      {with(user, func(n *Node) { n.AppArmorRestricts = true }), []error{noSeccomp, fail(StageInside, syscall.EPERM)}, []string{"AppArmor takes the rights"}},
		"seccomp, mount":        {with(user, func(n *Node) { n.Seccomp = 2 }), []error{noSeccomp, fail(StageInside, syscall.EPERM)}, []string{"seccomp", "mount(2)"}},
		"mount, other":          {user, []error{noSeccomp, fail(StageInside, syscall.ENODEV)}, []string{"no such device"}},
		"only the helper tried": {user, []error{noSeccomp, fail(StageHelper, syscall.ENOENT)}, []string{"CAP_SYS_ADMIN", "fusermount3"}},
		"helper after a reason": {with(user, func(n *Node) { n.MaxUserNamespaces = 0 }), []error{noSeccomp, fail(StageNamespace, syscall.ENOSPC), fail(StageHelper, syscall.ENOENT)}, []string{"max_user_namespaces"}},
	} {
		got := Explain(c.node, c.failures...).Error()
		if strings.Contains(got, "\n") {
			t.Errorf("%s: more than one line: %q", name, got)
		}
		for _, want := range append(c.want, "cannot mount: ") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", name, got, want)
			}
		}
	}
	if got := Explain(root, errors.New("strange")).Error(); !strings.Contains(got, "strange") {
		t.Errorf("an unknown failure is lost: %q", got)
	}
}
