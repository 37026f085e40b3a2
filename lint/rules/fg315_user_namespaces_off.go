package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var userNamespacesOff = lint.Rule{
	ID: "FG315", Slug: "user-namespaces-off", Severity: lint.Error, Since: "0.1",
	Summary: "Bottlerocket nodes without the user namespaces that an unprivileged mount needs",
	Check:   checkUserNamespacesOff,
}

const sysctl = "user.max_user_namespaces"

func checkUserNamespacesOff(set *lint.Setup, report *lint.Reporter) {
	if !slices.ContainsFunc(taskPods(set), func(t task) bool { return t.unprivileged() }) {
		return
	}
	const hint = "add to the user data: [settings.kernel.sysctl] \"user.max_user_namespaces\" = \"16384\""
	const message = "Bottlerocket starts with user namespaces off, and an unprivileged pod mounts Fusion in one: every task on these nodes fails with \"no space left on device\""
	loose := false
	for _, u := range set.UserData {
		if u.Kind != lint.Bottlerocket {
			continue
		}
		n := u.Get("settings", "kernel", "sysctl", sysctl)
		loose = loose || u.Object == nil
		if n == nil && u.Object == nil {
			report.At(u.Node, hint, message)
		} else if n.Text() == "0" {
			report.At(n, hint, message)
		}
	}
	for _, o := range set.Kind("EC2NodeClass") {
		at := bottlerocketClass(o)
		if at == nil || loose {
			continue
		}
		own := slices.ContainsFunc(set.UserData, func(u *lint.UserData) bool {
			return u.Object == o && u.Kind == lint.Bottlerocket && u.Get("settings", "kernel", "sysctl", sysctl) != nil
		})
		if !own && !o.Get("spec", "userData").Unknown() {
			report.At(at, hint, message)
		}
	}
}

// bottlerocketClass is where a node class says that its nodes run Bottlerocket, or nil.
func bottlerocketClass(o *lint.Object) *lint.Node {
	if n := o.Get("spec", "amiFamily"); n.Text() == "Bottlerocket" {
		return n
	}
	for _, term := range o.Get("spec", "amiSelectorTerms").List() {
		if n := term.Get("alias"); strings.HasPrefix(n.Text(), "bottlerocket@") {
			return n
		}
	}
	return nil
}
