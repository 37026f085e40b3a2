package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var preparerRights = lint.Rule{
	ID: "FG337", Slug: "preparer-rights", Severity: lint.Error, Since: "0.1",
	Summary: "the DaemonSet that takes a taint off nodes may not change nodes",
	Check:   checkPreparerRights,
}

func checkPreparerRights(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("DaemonSet") {
		for _, c := range o.PodSpec().Get("containers").List() {
			words := arguments(c)
			taint, at := flag(words, "taint")
			if at == nil || taint == "" || len(set.Kind("ServiceAccount")) == 0 || !strings.HasSuffix(words[0].Text(), "/nvme-prep") {
				continue
			}
			account := podAccount(o)
			for _, verb := range [...]string{"get", "patch"} {
				if slices.ContainsFunc(clusterGrants(set, account), func(g lint.Grant) bool { return g.Allows("", "nodes", verb) }) {
					continue
				}
				f := report.At(at, "bind a ClusterRole with get and patch on nodes to "+account.String(), "%s takes the taint %s off its node when the disks are ready, but its account %s may not %s nodes: the taint stays, and no task starts there", o.ID(), taint, account, verb)
				if set.Partial {
					f.NotGiven()
				}
				break
			}
		}
	}
}

// clusterGrants are what ClusterRoleBindings that the API server takes give to an account.
func clusterGrants(set *lint.Setup, a lint.Account) []lint.Grant {
	var out []lint.Grant
	for _, b := range set.Kind("ClusterRoleBinding") {
		group := b.Get("roleRef", "apiGroup").Text()
		if b.Get("roleRef", "kind").Text() != "ClusterRole" || group != "" && group != "rbac.authorization.k8s.io" || !slices.Contains(b.Subjects(), a) {
			continue
		}
		for _, role := range set.Named("ClusterRole", "", b.Get("roleRef", "name").Text()) {
			out = append(out, role.Grants()...)
		}
	}
	return out
}
