package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePartAccount = lint.Rule{
	ID: "FG324", Slug: "node-part-account", Severity: lint.Error, Since: "0.1",
	Summary: "a DaemonSet that tasks need runs as a service account, or in a namespace, that the set-up does not make",
	Check:   checkNodePartAccount,
}

func checkNodePartAccount(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		account := p.PodSpec().Get("serviceAccountName")
		found := set.Named("ServiceAccount", p.Namespace, account.Text())
		if p.Namespace == "" && len(found) > 0 && !slices.ContainsFunc(found, func(o *lint.Object) bool { return o.Namespace == "" }) {
			report.At(p.NameNode(), "write metadata.namespace: "+found[0].Namespace, "the %s %s has no namespace and lands in default, where its service account %s is not: Kubernetes makes no pod of it", p.Role, p.Name, account.Value).
				See(found[0].NameNode(), "the account is in %s", found[0].Namespace)
		}
		if !account.Known() || account.Value == "default" || len(found) > 0 {
			continue
		}
		var names []string
		for _, o := range set.Kind("ServiceAccount") {
			if o.Namespace == p.Namespace {
				names = append(names, o.Name)
			}
		}
		hint := "add the ServiceAccount, or remove serviceAccountName"
		near := typo(account.Value, names)
		if near != "" {
			hint = "did you mean " + near + "?"
		}
		f := report.At(account, hint, "no ServiceAccount %s/%s is here: without it Kubernetes makes no pod of the %s, and no task starts", p.Namespace, account.Value, p.Role)
		if near != "" {
			f.Unsafe(lint.Replace(account, near))
		}
		if set.Partial || !slices.ContainsFunc(set.Kind("ServiceAccount"), func(o *lint.Object) bool { return o.Root == p.Root }) {
			f.NotGiven()
		}
	}
}
