package rules

import "github.com/fusiongen/fusiongen/lint"

var seccompRuntimeDefault = lint.Rule{
	ID: "FG313", Slug: "seccomp-runtime-default", Severity: lint.Error, Since: "0.1",
	Summary: "unprivileged task pods run under the RuntimeDefault seccomp profile, which refuses the mount",
	Check:   checkSeccompRuntimeDefault,
}

func checkSeccompRuntimeDefault(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if !t.unprivileged() || t.mutates("Localhost") {
			continue
		}
		for _, n := range t.defaultSeccomp() {
			report.At(n, "use a Localhost profile that allows unshare and mount, or leave the profile out",
				"RuntimeDefault refuses unshare and mount to a container without SYS_ADMIN, and an unprivileged pod mounts Fusion in a user namespace: every task fails with EPERM")
		}
	}
}

// defaultSeccomp is where the pods, or the nodes for all pods that do not say, get RuntimeDefault.
func (t task) defaultSeccomp() []*lint.Node {
	var out []*lint.Node
	own := false
	contexts := []*lint.Node{t.Get("k8s.securityContext")}
	for _, o := range t.Options {
		contexts = append(contexts, o.Get("securityContext"))
	}
	for _, c := range contexts {
		kind := c.Get("seccompProfile", "type")
		own = own || kind != nil
		if kind.Text() == "RuntimeDefault" {
			out = append(out, kind)
		}
	}
	if own {
		return out
	}
	for _, u := range t.set.UserData {
		switch u.Kind {
		case lint.NodeConfig:
			if n := u.Get("spec", "kubelet", "config", "seccompDefault"); n.IsTrue() {
				out = append(out, n)
			}
		case lint.Bottlerocket:
			if n := u.Get("settings", "kubernetes", "seccomp-default"); n.IsTrue() {
				out = append(out, n)
			}
		}
	}
	return out
}
