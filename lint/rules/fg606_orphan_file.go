package rules

import (
	"path"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var orphanFile = lint.Rule{
	ID: "FG606", Slug: "orphan-file", Severity: lint.Warning, Since: "0.1",
	Summary: "a manifest lies beside a kustomization that does not name it",
	Check:   checkOrphans,
}

func checkOrphans(set *lint.Setup, report *lint.Reporter) {
	named := map[string]bool{}
	beside := map[string]*lint.Kustomization{}
	for _, k := range set.Kustomizations {
		beside[k.Dir] = k
		for _, r := range k.References() {
			named[r.Path] = true
		}
	}
	seen := map[*lint.File]bool{}
	for _, o := range set.Objects {
		k := beside[path.Dir(o.File.Name)]
		if o.Root != "" || k == nil || o.File == k.File || named[o.File.Name] || seen[o.File] || created(o) || !partOfRun(o) {
			continue
		}
		seen[o.File] = true
		f := report.At(o.NameNode(), "add "+path.Base(o.File.Name)+" to resources, or move it elsewhere", "%s lies beside %s, which does not name its file: kubectl apply -k leaves it out", o.ID(), k.File.Name).
			See(k.Node, "the kustomization")
		if user := neededBy(set, o); user != nil && user.Root != "" {
			f.As(lint.Error).See(user.NameNode(), "%s needs it", user.ID())
		} else if n := askedBy(set, o); n != nil {
			f.As(lint.Error).See(n, "this asks for it")
		}
	}
}

// created: an object with a generated name is for kubectl create, which no kustomization does; patches have no name of their own.
func created(o *lint.Object) bool { return o.Name == "" }

// partOfRun says whether leaving the object out hurts a run: it is of a kind that a workspace or its nodes need.
func partOfRun(o *lint.Object) bool {
	return slices.Contains([]string{"Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "DaemonSet", "ConfigMap", "LimitRange", "ResourceQuota",
		"NodePool", "EC2NodeClass", "NodeOverlay", "CSIDriver", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}, o.Kind)
}
