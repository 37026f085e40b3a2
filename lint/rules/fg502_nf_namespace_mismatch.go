package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nfNamespaceMismatch = lint.Rule{
	ID: "FG502", Slug: "nf-namespace-mismatch", Severity: lint.Error, Since: "0.1",
	Summary: "the configuration names a namespace or service account that the set-up does not make",
	Check:   checkNamespaceMismatch,
}

func checkNamespaceMismatch(set *lint.Setup, report *lint.Reporter) {
	accounts := workspaceAccounts(set)
	if len(accounts) == 0 {
		return
	}
	var spaces []string
	for _, a := range accounts {
		spaces = append(spaces, a.Namespace)
	}
	for _, ns := range set.Kind("Namespace") {
		spaces = append(spaces, ns.Name)
	}
	if slices.Contains(spaces, "") {
		return // kustomize or kubectl will say which
	}
	for _, t := range taskPods(set) {
		if ns := t.Get("k8s.namespace"); ns.Known() && !slices.Contains(spaces, ns.Value) {
			f := report.At(ns, "write k8s.namespace = '"+accounts[0].Namespace+"'", "no namespace %s is here: Kubernetes refuses every task, or makes it where neither Role nor service account is", ns.Value)
			f.See(accounts[0].NameNode(), "the accounts are in %s", accounts[0].Namespace)
			if near := typo(ns.Value, spaces); near != "" {
				f.Hint = "did you mean " + near + "?"
				f.Unsafe(lint.Replace(ns, near))
			}
			continue
		}
		checkAccount(t, accounts, report)
	}
}

func checkAccount(t task, accounts []*lint.Object, report *lint.Reporter) {
	var names []string
	for _, a := range accounts {
		if t.namespace() == "" || a.Namespace == t.namespace() {
			names = append(names, a.Name)
		}
	}
	n := t.Get("k8s.serviceAccount")
	switch {
	case len(names) == 0 || n.Unknown() || n.Known() && (slices.Contains(names, n.Value) || n.Value == "default"):
	case n == nil:
		if role := withRole(accounts); role != nil && t.whole() && t.namespace() != "" {
			report.At(t.Begin("k8s"), "set k8s.serviceAccount to the tasks' account", "k8s.serviceAccount is not set: task pods run as default, without the role of an account made here, and S3 refuses them").See(role.NameNode(), "an account made here")
		}
	default:
		f := report.At(n, "write the name of an account of the set-up, or add this one", "no service account %s/%s is here: Kubernetes makes no task pod", t.namespace(), n.Value)
		if near := typo(n.Value, names); near != "" {
			f.Hint = "did you mean " + near + "?"
			f.Unsafe(lint.Replace(n, near))
		}
	}
}

// workspaceAccounts are the service accounts of the set-up that no DaemonSet uses.
func workspaceAccounts(set *lint.Setup) []*lint.Object {
	return slices.DeleteFunc(set.Kind("ServiceAccount"), func(o *lint.Object) bool {
		return slices.ContainsFunc(set.Kind("DaemonSet"), func(d *lint.Object) bool {
			return d.Namespace == o.Namespace && d.PodSpec().Get("serviceAccountName").Text() == o.Name
		})
	})
}

// withRole is an account that has an IAM role (IRSA), or nil.
func withRole(accounts []*lint.Object) *lint.Object {
	for _, a := range accounts {
		if a.Get("metadata", "annotations", lint.RoleAnnotation) != nil {
			return a
		}
	}
	return nil
}

// typo is the candidate that differs from word in one place by at most two letters, or "": names of accounts are like each
// other, and a suggestion that is another account would be worse than none.
func typo(word string, candidates []string) string {
	for _, c := range candidates {
		long, short := word, c
		if len(long) < len(short) {
			long, short = short, long
		}
		head := 0
		for head < len(short) && long[head] == short[head] {
			head++
		}
		tail := 0
		for tail < len(short)-head && long[len(long)-1-tail] == short[len(short)-1-tail] {
			tail++
		}
		if len(long)-head-tail <= 2 && len(short) > 3 {
			return c
		}
	}
	return ""
}
