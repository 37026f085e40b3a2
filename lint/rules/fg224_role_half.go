package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var roleHalf = lint.Rule{
	ID: "FG224", Slug: "role-half", Severity: lint.Error, Since: "0.1",
	Summary: "a role has a trust policy and no permissions, or permissions and no trust policy, where others have both",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		dirs := map[string][]*lint.Policy{}
		for _, p := range set.Policies {
			if !set.Page {
				dirs[p.Dir] = append(dirs[p.Dir], p)
			}
		}
		for _, policies := range dirs {
			for _, p := range policies {
				if !paired(policies) || partner(policies, p) || findsClusters(p) || !ofRun(set, p) {
					continue
				}
				at := p.Fields[0].Key
				if p.Trust() {
					report.At(at, "write "+p.Base+"-permissions.json beside it", "the role %s has a trust policy but no permissions, which the roles beside it have: its pods may do nothing in S3", p.Base)
				} else {
					report.At(at, "write "+p.Base+"-trust.json beside it", "the role %s has permissions but no trust policy, which the roles beside it have: no pod can take it", p.Base)
				}
			}
		}
	},
}

// ofRun says whether a document is of a role that a run has, by the account that it trusts, or by the place that it grants in a
// file that is named as one of two.
func ofRun(set *lint.Setup, p *lint.Policy) bool {
	if p.Trust() {
		return slices.ContainsFunc(accountsOf(set, p), func(a lint.Account) bool {
			return slices.ContainsFunc(runners(set), func(sa *lint.Object) bool { return same(a, lint.Account{Namespace: sa.Namespace, Name: sa.Name}) })
		})
	}
	half := strings.TrimSuffix(path.Base(p.File.Name), path.Ext(p.File.Name)) != p.Base
	return half && !ofPlatform(p) && !everyoneStrays(set) && slices.ContainsFunc(places(set), func(at place) bool { return grantsObjects(p, at) != nil })
}

// paired says whether a directory keeps its roles in pairs of files: at least one pair is whole.
func paired(policies []*lint.Policy) bool {
	return slices.ContainsFunc(policies, func(p *lint.Policy) bool { return p.Trust() && partner(policies, p) })
}

func partner(policies []*lint.Policy, p *lint.Policy) bool {
	return slices.ContainsFunc(policies, func(o *lint.Policy) bool { return o.Base == p.Base && o.Trust() != p.Trust() })
}

// everyoneStrays says whether FG204 reports an account that nothing trusts.
func everyoneStrays(set *lint.Setup) bool {
	return slices.ContainsFunc(runners(set), func(sa *lint.Object) bool { return !anyTrusts(set, sa) })
}
