package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var podIdentityTags = lint.Rule{
	ID: "FG117", Slug: "pod-identity-tags", Severity: lint.Error, Since: "0.1",
	Summary: "an association sends no session tags, but policies ask for them",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, a := range associations(set) {
			if a.policy != nil && !a.noTags.IsTrue() {
				report.At(a.policy, "add disableSessionTags: true", "an association with a session policy must disable session tags, and EKS refuses this one")
				continue
			}
			if !a.noTags.IsTrue() {
				continue
			}
			for _, t := range podTrusts(set) {
				for _, c := range t.Conditions {
					if tag, ok := sessionTag(c.Key.Value, "aws:RequestTag/"); ok && asksFor(t, a) {
						report.At(a.noTags, "remove disableSessionTags, or the condition",
							"the association of %s sends no session tags, but the role's trust policy asks for %s: no pod can take the role", a.account, tag).See(c.Key, "the condition")
					}
				}
			}
			for _, p := range set.Permissions() {
				for _, s := range p.Statements() {
					for _, c := range s.Conditions {
						if tag, ok := sessionTag(c.Key.Value, "aws:PrincipalTag/"); ok {
							report.At(a.noTags, "remove disableSessionTags, or the condition",
								"the association of %s sends no session tags, but a policy grants only to sessions with %s: every such call is denied", a.account, tag).See(c.Key, "the condition")
						}
					}
				}
			}
		}
	},
}

// sessionTag is the tag of a condition key, if it is one that EKS Pod Identity sets.
func sessionTag(key, prefix string) (string, bool) {
	if len(key) < len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix) {
		return "", false
	}
	tag := key[len(prefix):]
	return tag, strings.HasPrefix(tag, "kubernetes-") || strings.HasPrefix(tag, "eks-cluster-")
}

// asksFor says whether a trust statement is about the account of an association.
func asksFor(t podTrust, a association) bool {
	for tag, want := range map[string]string{"kubernetes-namespace": a.account.Namespace, "kubernetes-service-account": a.account.Name} {
		values := t.tagged(tag)
		match := len(values) == 0
		for _, v := range values {
			match = match || !v.Known() || lint.MatchPattern(v.Value, want)
		}
		if !match {
			return false
		}
	}
	return true
}
