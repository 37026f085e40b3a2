package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var trustAction = lint.Rule{
	ID: "FG218", Slug: "trust-action", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy's action does not go with its principal",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		const web = "sts:AssumeRoleWithWebIdentity"
		for _, w := range webs(set) {
			if !strings.Contains(w.Provider.Value, ":oidc-provider/") || coversAction(w.Statement, web) {
				continue
			}
			at := w.Get("Action")
			if at == nil {
				at = w.Provider
			}
			f := report.At(at, "write "+web, "a service account's token is traded by %s, which this statement does not grant, so no pod can take the role", web)
			if len(w.Actions) == 1 {
				f.Safe(replace(w.Actions[0], web)...)
			}
		}
		for _, t := range podTrusts(set) {
			for i, a := range t.Actions {
				if strings.EqualFold(a.Value, web) {
					f := report.At(a, "write sts:AssumeRole and sts:TagSession", "EKS Pod Identity takes roles by sts:AssumeRole, not by %s, so no pod can take the role", web)
					if coversAction(t.Statement, "sts:AssumeRole") {
						f.Safe(remove(t.Get("Action"), i)...)
					}
				}
			}
		}
	},
}
