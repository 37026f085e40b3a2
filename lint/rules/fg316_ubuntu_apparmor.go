package rules

import (
	"regexp"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var ubuntuAppArmor = lint.Rule{
	ID: "FG316", Slug: "ubuntu-apparmor", Severity: lint.Warning, Since: "0.1",
	Summary: "Ubuntu nodes, whose AppArmor restricts the user namespaces that an unprivileged mount needs",
	Check:   checkUbuntuAppArmor,
}

var ubuntuName = regex.Lazy(`(?i)\bubuntu`)

func checkUbuntuAppArmor(set *lint.Setup, report *lint.Reporter) {
	if !slices.ContainsFunc(taskPods(set), func(t task) bool { return t.unprivileged() }) || slices.ContainsFunc(set.UserData, func(u *lint.UserData) bool {
		return u.Kind == lint.Shell && regexp.MustCompile(`apparmor_restrict_unprivileged_userns\s*=\s*0`).MatchString(u.Value)
	}) {
		return
	}
	for _, at := range ubuntuNodes(set) {
		report.At(at, "set kernel.apparmor_restrict_unprivileged_userns=0 in the nodes' user data, or load an AppArmor profile that allows userns",
			"Ubuntu since 23.10 restricts unprivileged user namespaces by AppArmor, and an unprivileged pod mounts Fusion in one: tasks on these nodes fail with EACCES or EPERM")
	}
}

// ubuntuNodes is where the set-up says that nodes run Ubuntu: node classes by AMI name or owner's alias, and eksctl's node groups.
func ubuntuNodes(set *lint.Setup) []*lint.Node {
	var out []*lint.Node
	for _, o := range set.Kind("EC2NodeClass") {
		for _, term := range o.Get("spec", "amiSelectorTerms").List() {
			for _, n := range []*lint.Node{term.Get("name"), term.Get("ssmParameter")} {
				if ubuntuName().MatchString(n.Text()) {
					out = append(out, n)
				}
			}
		}
	}
	for _, o := range set.Kind("ClusterConfig") {
		for _, groups := range [...]string{"nodeGroups", "managedNodeGroups"} {
			for _, g := range o.Get(groups).List() {
				if n := g.Get("amiFamily"); ubuntuName().MatchString(n.Text()) {
					out = append(out, n)
				}
			}
		}
	}
	return out
}
