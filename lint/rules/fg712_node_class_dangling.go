package rules

import (
	"github.com/fusiongen/fusiongen/lint"
)

var nodeClassDangling = lint.Rule{
	ID: "FG712", Slug: "node-class-dangling", Severity: lint.Error, Since: "0.1",
	Summary: "a NodePool's node class is not in the set-up, or of the wrong group",
	Check:   checkNodeClassDangling,
}

// classGroups are the API groups of node classes on AWS.
var classGroups = map[string]string{"EC2NodeClass": "karpenter.k8s.aws", "NodeClass": "eks.amazonaws.com"}

func checkNodeClassDangling(set *lint.Setup, report *lint.Reporter) {
	for _, p := range pools(set) {
		ref := p.spec().Get("nodeClassRef")
		kind, name, group := ref.Get("kind"), ref.Get("name"), ref.Get("group")
		want, known := classGroups[kind.Text()]
		switch {
		case ref == nil:
			report.At(p.NameNode(), "add nodeClassRef", "the pool has no nodeClassRef: the API server refuses it")
			continue
		case !known:
			if near := typo(kind.Text(), []string{"EC2NodeClass", "NodeClass"}); near != "" && kind.Text() != "" {
				report.At(kind, "write "+near, "no node class is of the kind %s: Karpenter starts no node of the pool %s", kind.Value, p.Name).Safe(lint.Replace(kind, near))
			}
			continue
		case group.Known() && group.Value != want:
			report.At(group, "write "+want, "the kind %s belongs to the group %s: Karpenter finds no such class and starts no node of the pool %s", kind.Value, want, p.Name).Safe(lint.Replace(group, want))
			continue
		case !name.Known() || p.class(set) != nil:
			continue
		}
		var names []string
		for _, o := range set.Kind(kind.Value) {
			names = append(names, o.Name)
		}
		if len(names) == 0 {
			if kind.Value == "EC2NodeClass" || name.Value != "default" { // Auto Mode makes the class default
				report.At(name, "add the class", "no %s %s is here: Karpenter starts no node of the pool %s", kind.Value, name.Value, p.Name).NotGiven()
			}
			continue
		}
		f := report.At(name, "name a class of the set-up, or add this one", "no %s %s is here: Karpenter starts no node of the pool %s", kind.Value, name.Value, p.Name)
		if near := typo(name.Value, names); near != "" {
			f.Hint = "did you mean " + near + "?"
			f.Unsafe(lint.Replace(name, near))
		}
		if set.Partial {
			f.NotGiven()
		}
	}
}
