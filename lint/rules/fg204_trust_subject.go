package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var trustSubject = lint.Rule{
	ID: "FG204", Slug: "trust-subject", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy names no service account of the set-up, or none in the right form",
	Check:   checkSubjects,
}

// trusted is an account that a policy names, with where it does.
type trusted struct {
	policy  *lint.Policy
	account lint.Account
	at      *lint.Node
	aws     string // AWS account of the provider, "" unknown
}

// there says whether the set-up holds the account, with a role of the provider's AWS account where both say one: the same
// name may stand for an environment in each.
func (t trusted) there(set *lint.Setup) bool {
	return slices.ContainsFunc(set.Named("ServiceAccount", t.account.Namespace, t.account.Name), func(sa *lint.Object) bool {
		role, ok := lint.ParseRole(sa.Get("metadata", "annotations", lint.RoleAnnotation).Text())
		return !ok || t.aws == "" || role.Account == t.aws
	})
}

// awsAccount is the account of an ARN, "" where it has none.
func awsAccount(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

func checkSubjects(set *lint.Setup, report *lint.Reporter) {
	named := namedAccounts(set, report)
	accounts := set.Kind("ServiceAccount")
	if len(accounts) == 0 {
		return
	}
	found := false
	for _, p := range set.Trusts() {
		if strayed := strays(set, named, p); len(strayed) > 0 {
			found = true
			reportStrays(set, report, strayed)
		}
	}
	if found {
		return // the same mistake from the other side
	}
	for _, sa := range runners(set) {
		role := sa.Get("metadata", "annotations", lint.RoleAnnotation)
		if _, ok := lint.ParseRole(role.Text()); !ok || len(set.Trusts()) == 0 || anyTrusts(set, sa) {
			continue
		}
		f := report.At(role, "add system:serviceaccount:"+sa.Namespace+":"+sa.Name+" to the role's trust policy",
			"no trust policy names %s, so its pods cannot take the role: AssumeRoleWithWebIdentity is denied", sa.ID())
		if len(webs(set)) == 0 || set.Partial {
			f.NotGiven()
		}
	}
}

// namedAccounts are the accounts that trust policies name; those in a wrong form are reported, where there is a report.
func namedAccounts(set *lint.Setup, report *lint.Reporter) []trusted {
	var out []trusted
	for _, w := range webs(set) {
		for _, c := range w.Claim("sub") {
			for _, v := range c.Values {
				a, ok := lint.Subject(v.Text())
				switch {
				case !v.Known() || strings.ContainsAny(v.Value, "*?"):
				case ok:
					out = append(out, trusted{w.Policy, a, v, awsAccount(w.Provider.Text())})
				case report != nil:
					f := report.At(v, "write system:serviceaccount:NAMESPACE:NAME", "%q is no subject of a service account's token, so no pod can take the role", v.Value)
					if fixed := subjectFrom(v.Value); fixed != "" {
						f.Hint = "write " + fixed
						f.Safe(replace(v, fixed)...)
					}
				}
			}
		}
	}
	for _, t := range podTrusts(set) {
		for _, ns := range t.tagged("kubernetes-namespace") {
			for _, name := range t.tagged("kubernetes-service-account") {
				if ns.Known() && name.Known() && !strings.ContainsAny(ns.Value+name.Value, "*?") {
					out = append(out, trusted{t.policy, lint.Account{Namespace: ns.Value, Name: name.Value}, name, ""})
				}
			}
		}
	}
	return out
}

// subjectFrom completes "ns:name", "ns/name" and near misses of the prefix.
func subjectFrom(value string) string {
	rest := value
	for _, prefix := range []string{"system:serviceaccounts:", "system:serviceaccount:", "system:sa:", "serviceaccount:", "system:"} {
		if cut, ok := strings.CutPrefix(rest, prefix); ok {
			rest = cut
			break
		}
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == ':' || r == '/' })
	if len(parts) != 2 {
		return ""
	}
	return "system:serviceaccount:" + parts[0] + ":" + parts[1]
}

// strays are the accounts of a policy that the set-up does not hold. A policy that also names accounts of the set-up may name
// those of another repository, unless they are of the same namespace.
func strays(set *lint.Setup, named []trusted, p *lint.Policy) []trusted {
	var out []trusted
	hits := map[string]bool{}
	for _, t := range named {
		if t.policy == p && t.there(set) {
			hits[t.account.Namespace] = true
		}
	}
	for _, t := range named {
		if t.policy != p || t.there(set) || otherAccount(set, t) || t.account.Name == "default" {
			continue
		}
		if len(hits) == 0 || len(names(set, "ServiceAccount", t.account.Namespace)) > 0 && hits[t.account.Namespace] {
			out = append(out, t)
		}
	}
	return out
}

// otherAccount: the service account is there once, with a role of another AWS account, which FG107 reports.
func otherAccount(set *lint.Setup, t trusted) bool {
	return len(set.Named("ServiceAccount", t.account.Namespace, t.account.Name)) == 1
}

func reportStrays(set *lint.Setup, report *lint.Reporter, strayed []trusted) {
	for _, t := range strayed {
		meant := ""
		var near *lint.Object
		for _, sa := range set.Kind("ServiceAccount") {
			if meant == "" && (sa.Name == t.account.Name || sa.Namespace == t.account.Namespace && schema.Suggest(t.account.Name, []string{sa.Name}) != "") {
				meant, near = "system:serviceaccount:"+sa.Namespace+":"+sa.Name, sa
			}
		}
		hint := "name a service account of the set-up"
		if meant != "" {
			hint = "write " + meant
		}
		f := report.At(t.at, hint, "the trust policy names the service account %s, which is not among those of the set-up, so none of its pods can take the role", t.account)
		if near != nil {
			f.See(near.NameNode(), "%s is there", near.ID())
			if strings.HasPrefix(t.at.Value, "system:") && near.Namespace != "" {
				f.Unsafe(replace(t.at, meant)...)
			}
			continue
		}
		if set.Partial || !concernsRuns(set, t) {
			f.NotGiven()
		}
	}
}

// concernsRuns says whether the accounts that the set-up holds are those of its runs, so that a role for a run must be theirs.
func concernsRuns(set *lint.Setup, t trusted) bool {
	return len(runners(set)) > 0 && (homes(set)[t.account.Namespace] || slices.ContainsFunc(runners(set), func(o *lint.Object) bool { return o.Namespace == t.account.Namespace })) ||
		len(set.Trusts()) == 1 && len(runners(set)) > 0
}

// anyTrusts says whether a trust policy names the account, of the AWS account that its role is of; where the only ones that
// name it are of another, FG107 reports that.
func anyTrusts(set *lint.Setup, sa *lint.Object) bool {
	role, ok := lint.ParseRole(sa.Get("metadata", "annotations", lint.RoleAnnotation).Text())
	only := len(set.Named("ServiceAccount", sa.Namespace, sa.Name)) == 1
	for _, w := range webs(set) {
		if aws := awsAccount(w.Provider.Text()); trustsAccount(w, sa) && (only || !ok || aws == "" || aws == role.Account) {
			return true
		}
	}
	return associated(set, lint.Account{Namespace: sa.Namespace, Name: sa.Name})
}
