package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var trustAudience = lint.Rule{
	ID: "FG205", Slug: "trust-audience", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy asks for no audience, or for another one than the pods' tokens have",
	Check:   checkAudience,
}

// stsAudience is the audience of EKS's tokens in every partition. Source: schema/facts, Partitions.
const stsAudience = "sts.amazonaws.com"

func checkAudience(set *lint.Setup, report *lint.Reporter) {
	checkClients(set, report)
	for _, w := range webs(set) {
		auds := w.Claim("aud")
		if len(auds) == 0 {
			reportNoAudience(report, w)
			continue
		}
		expected := audiences(set, w)
		for _, c := range auds {
			fits := false
			for _, v := range c.Values {
				for want := range expected {
					fits = fits || v.Unknown() || v.Value == want || likes(c.Operator.Value) && lint.MatchPattern(v.Value, want)
				}
			}
			if fits || len(c.Values) == 0 {
				continue
			}
			v := c.Values[0]
			f := report.At(v, "write "+stsAudience, "the trust policy asks for the audience %q, but pods' tokens are for %s%s, so the role cannot be taken", v.Value, english(keys(expected)), whyAudience(v.Value))
			for want, annotation := range expected {
				f.Hint = "write " + want
				f.See(annotation, "the account's audience")
				if len(expected) == 1 {
					f.Safe(replace(v, want)...)
				}
			}
		}
	}
}

// checkClients: the provider must take the tokens' audience before any trust policy is looked at.
func checkClients(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("OpenIDConnectProvider") {
		spec := o.Get("spec")
		if spec.Get("forProvider") != nil {
			spec = spec.Get("forProvider")
		}
		ids := spec.Get("clientIDs")
		if ids == nil {
			ids = spec.Get("clientIdList")
		}
		if !strings.Contains(spec.Get("url").Text(), "oidc.eks") || len(ids.List()) == 0 {
			continue
		}
		expected := map[string]*lint.Node{stsAudience: nil}
		for _, sa := range runners(set) {
			if n := sa.Get("metadata", "annotations", "eks.amazonaws.com/audience"); n.Known() {
				expected[n.Value] = n
			}
		}
		takes := slices.ContainsFunc(ids.Items, func(n *lint.Node) bool { _, ok := expected[n.Value]; return ok || n.Unknown() })
		if !takes {
			report.At(ids.Items[0], "write "+stsAudience, "the provider takes tokens for %s only, but pods' tokens are for %s: STS answers Incorrect token audience", english(ids.Texts()), stsAudience).
				Safe(replace(ids.Items[0], stsAudience)...)
		}
	}
}

func reportNoAudience(report *lint.Reporter, w lint.Web) {
	if len(w.Claim("sub")) == 0 {
		return // FG216 reports a policy that asks for nothing
	}
	sub := w.Claim("sub")[0]
	prefix, _, _ := claimOf(sub.Key.Value)
	f := report.At(sub.Key, "add \""+prefix+":aud\": \""+stsAudience+"\"", "the trust policy asks for no audience, so a token that the account gave to another service can take the role, too").
		As(lint.Warning).See(w.Provider, "the provider")
	if sub.Operator.Value == "StringEquals" && sub.List.Kind != lint.List {
		f.Safe(addField(&lint.Field{Key: sub.Key, Value: sub.List}, prefix+":aud", stsAudience)...)
	}
}

// audiences are the audiences of the accounts that a statement trusts, with the annotation that changes one.
func audiences(set *lint.Setup, w lint.Web) map[string]*lint.Node {
	out := map[string]*lint.Node{}
	for _, sa := range set.Kind("ServiceAccount") {
		if len(w.Claim("sub")) == 0 || !trustsAccount(w, sa) {
			continue
		}
		if n := sa.Get("metadata", "annotations", "eks.amazonaws.com/audience"); n.Known() {
			out[n.Value] = n
		} else {
			out[stsAudience] = nil
		}
	}
	if len(out) == 0 {
		out[stsAudience] = nil
	}
	return out
}

func keys(m map[string]*lint.Node) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

func whyAudience(value string) string {
	switch {
	case strings.HasSuffix(value, ".cn"):
		return " (in China, too)"
	case strings.HasPrefix(value, "sts.") && strings.Count(value, ".") > 2:
		return " (in every region)"
	}
	return ""
}
