package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// webs are the statements that trust the OIDC provider of an EKS cluster; providers of others (GitHub) have claims of their own.
func webs(set *lint.Setup) []lint.Web {
	return slices.DeleteFunc(set.Webs(), func(w lint.Web) bool { return !ofEKS(w.Statement, w.Provider.Value) })
}

func ofEKS(s lint.Statement, provider string) bool {
	words := []string{provider}
	for _, c := range s.Conditions {
		words = append(words, c.Key.Value)
		for _, v := range c.Values {
			words = append(words, v.Value)
		}
	}
	return slices.ContainsFunc(words, func(w string) bool {
		w = strings.ToLower(w)
		return strings.Contains(w, "oidc.eks") || strings.Contains(w, "oidc-eks") || strings.Contains(w, ".eks.amazonaws") || strings.Contains(w, "system:serviceaccount")
	})
}

// trustsAccount says whether a statement's sub claims cover a service account, or whether it asks for no subject.
func trustsAccount(w lint.Web, sa *lint.Object) bool {
	subs := w.Claim("sub")
	if len(subs) == 0 {
		return true
	}
	ns := sa.Namespace
	for _, c := range subs {
		for _, v := range c.Values {
			if v.Unknown() {
				return true
			}
			subject := "system:serviceaccount:" + ns + ":" + sa.Name
			if v.Value == subject || likes(c.Operator.Value) && lint.MatchPattern(v.Value, subject) || ns == "" && strings.HasSuffix(v.Value, ":"+sa.Name) {
				return true
			}
		}
	}
	return false
}

// likes says whether a condition operator takes wildcards.
func likes(operator string) bool {
	return strings.Contains(operator, "Like") || strings.Contains(operator, "Arn")
}

// pods are the statements that trust EKS Pod Identity, also where its name is misspelt.
type podTrust struct {
	policy *lint.Policy
	lint.Statement
	service *lint.Node
}

func podTrusts(set *lint.Setup) []podTrust {
	var out []podTrust
	for _, p := range set.Trusts() {
		for _, s := range p.Statements() {
			for _, n := range s.Principal.Get("Service").OneOrMore() {
				if strings.Contains(n.Text(), "eks") && strings.Contains(n.Text(), "pod") {
					out = append(out, podTrust{p, s, n})
				}
			}
		}
	}
	return out
}

// tagged are the values that a statement asks of a session tag.
func (s podTrust) tagged(tag string) []*lint.Node {
	var out []*lint.Node
	for _, c := range s.Conditions {
		if strings.EqualFold(c.Key.Value, "aws:RequestTag/"+tag) {
			out = append(out, c.Values...)
		}
	}
	return out
}

// association is an EKS Pod Identity association, as ACK, Crossplane and eksctl write them.
type association struct {
	*lint.Node
	account  lint.Account
	object   *lint.Object
	role     *lint.Node // ARN
	noTags   *lint.Node // disableSessionTags
	policy   *lint.Node // session policy
	nameNode *lint.Node
}

func associations(set *lint.Setup) []association {
	var out []association
	add := func(o *lint.Object, n *lint.Node, account string, role ...string) {
		a := association{Node: n, object: o, nameNode: n.Get(account), noTags: n.Get("disableSessionTags"), policy: n.Get("policy"),
			account: lint.Account{Namespace: n.Get("namespace").Text(), Name: n.Get(account).Text()}}
		for _, name := range role {
			if a.role == nil {
				a.role = n.Get(name)
			}
		}
		if a.account.Name != "" {
			out = append(out, a)
		}
	}
	for _, o := range set.Kind("PodIdentityAssociation") {
		spec := o.Get("spec")
		if spec.Get("forProvider") != nil {
			spec = spec.Get("forProvider")
		}
		add(o, spec, "serviceAccount", "roleARN", "roleArn")
	}
	for _, o := range set.Kind("ClusterConfig") {
		for _, n := range o.Get("iam", "podIdentityAssociations").List() {
			add(o, n, "serviceAccountName", "roleARN")
		}
	}
	return out
}

// fieldsOf are the entries of a map, and none of anything else.
func fieldsOf(n *lint.Node) []lint.Field {
	if n == nil {
		return nil
	}
	return n.Fields
}
