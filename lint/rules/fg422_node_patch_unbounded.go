package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePatchUnbounded = lint.Rule{
	ID: "FG422", Slug: "node-patch-unbounded", Severity: lint.Warning, Since: "0.1",
	Summary: "a node part may change every node of the cluster",
	Check:   checkNodePatchUnbounded,
}

func checkNodePatchUnbounded(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		account := lint.Account{Namespace: p.Namespace, Name: p.PodSpec().Get("serviceAccountName").Text()}
		for _, role := range set.Kind("ClusterRole") {
			bound := slices.ContainsFunc(set.Bindings(role), func(b *lint.Object) bool { return slices.Contains(b.Subjects(), account) })
			if !bound {
				continue
			}
			for _, g := range role.Grants() {
				for _, verb := range [...]string{"patch", "update"} {
					if !g.Allows("", "nodes", verb) || boundsNodes(set, account) {
						continue
					}
					report.At(g.VerbsNode, "add a ValidatingAdmissionPolicy that compares the node with the token's claim authentication.kubernetes.io/node-name",
						"%s may %s every node, and its pod runs on each: one stolen token can taint or label the whole cluster", account, verb).See(p.NameNode(), "runs as this account")
					break
				}
			}
		}
	}
}

// boundsNodes says whether an admission policy speaks of this account's changes to nodes.
func boundsNodes(set *lint.Setup, account lint.Account) bool {
	return slices.ContainsFunc(set.Kind("ValidatingAdmissionPolicy"), func(o *lint.Object) bool {
		nodes, named := false, false
		o.Walk(func(_ string, n *lint.Node) {
			nodes = nodes || n.Text() == "nodes"
			named = named || strings.Contains(n.Text(), "system:serviceaccount:"+account.Namespace+":"+account.Name)
		})
		return nodes && named
	})
}
