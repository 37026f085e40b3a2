package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var podIdentityTrust = lint.Rule{
	ID: "FG220", Slug: "pod-identity-trust", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy does not let EKS Pod Identity take the role, or lets any pod of the account",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range podTrusts(set) {
			checkPodTrust(report, t)
		}
	},
}

const podsService = "pods.eks.amazonaws.com"

func checkPodTrust(report *lint.Reporter, t podTrust) {
	if t.service.Value != podsService {
		report.At(t.service, "write "+podsService, "the service of EKS Pod Identity is %s (in China, too), and %s is none, so %s", podsService, t.service.Value, refused).Safe(replace(t.service, podsService)...)
	}
	if t.Effect != "Allow" || t.Get("Action") == nil {
		return // FG209 reports a statement without an action
	}
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
		web := slices.ContainsFunc(t.Actions, func(a *lint.Node) bool { return strings.EqualFold(a.Value, "sts:AssumeRoleWithWebIdentity") })
		if coversAction(t.Statement, action) || web {
			continue // FG218 reports an action of IRSA
		}
		list := t.Get("Action")
		f := report.At(list, "add "+action, "EKS Pod Identity takes the role by sts:AssumeRole with session tags (sts:TagSession), and the statement does not grant %s: pods get no credentials", action)
		f.Safe(add(list, action)...)
	}
	if len(t.Conditions) == 0 {
		report.At(t.service, "ask for aws:RequestTag/kubernetes-namespace and aws:RequestTag/kubernetes-service-account, and for aws:SourceAccount",
			"no condition limits who may take the role: whoever may create an association in this account gives it to any pod of any cluster").As(lint.Warning)
	}
}
