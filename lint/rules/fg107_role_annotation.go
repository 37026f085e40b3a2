package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var roleAnnotation = lint.Rule{
	ID: "FG107", Slug: "sa-role-annotation", Severity: lint.Error, Since: "0.1",
	Summary: "a service account's role annotation is missing, misspelt or names no role of the trusting account",
	Check:   checkRoleAnnotation,
}

const noCredentials = "pods get no credentials of the role and call S3 as the node, or anonymously"

func checkRoleAnnotation(set *lint.Setup, report *lint.Reporter) {
	trusts := webs(set)
	for _, sa := range set.Kind("ServiceAccount") {
		annotations := sa.Get("metadata", "annotations")
		if f := annotations.Field(lint.RoleAnnotation); f != nil {
			checkRoleARN(set, trusts, report, sa, f.Value)
			continue
		}
		if f := misspelt(annotations); f != nil {
			report.At(f.Key, "write "+lint.RoleAnnotation, "EKS does not know the annotation %s, so %s", f.Key.Value, noCredentials).Safe(replace(f.Key, lint.RoleAnnotation)...)
			continue
		}
		checkUnannotated(set, trusts, report, sa)
	}
}

var roleLike = regex.Lazy(`^(?:eks\.amazon(?:aws)?(?:\.com)?|eks\.aws\.amazon\.com|eks\.amazonaws\.com\.cn|eks\.amazonaws|iam\.amazonaws\.com)/(?:role|rolearn|role_arn|role-arn|iam-role|role-name)$`)

// misspelt is an annotation that was meant to be the role's.
func misspelt(annotations *lint.Node) *lint.Field {
	if annotations == nil {
		return nil
	}
	for i := range annotations.Fields {
		key := strings.ToLower(annotations.Fields[i].Key.Value)
		if roleLike().MatchString(key) || key == "eks.amazonaws.com/rolearn" || key == "eks.amazonaws.com/role" {
			return &annotations.Fields[i]
		}
	}
	return nil
}

// checkUnannotated: a trust policy that names the account means it to have a role by IRSA.
func checkUnannotated(set *lint.Setup, trusts []lint.Web, report *lint.Reporter, sa *lint.Object) {
	for _, w := range trusts {
		for _, c := range w.Claim("sub") {
			for _, v := range c.Values {
				if a, ok := lint.Subject(v.Text()); ok && a.Name == sa.Name && a.Namespace == sa.Namespace && !associated(set, a) {
					report.At(sa.NameNode(), "add the annotation "+lint.RoleAnnotation+" with the role's ARN",
						"%s has no annotation %s although a role trusts it, so its %s", sa.ID(), lint.RoleAnnotation, noCredentials).See(v, "this trust policy names it")
					return
				}
			}
		}
	}
}

func associated(set *lint.Setup, a lint.Account) bool {
	return slices.ContainsFunc(associations(set), func(x association) bool { return same(x.account, a) })
}

var (
	anyARN   = regex.Lazy(`^arn:aws[a-z-]*:iam::[^:]*:`)
	bareRole = regex.Lazy(`^[\w+=,.@/-]+$`)
)

func checkRoleARN(set *lint.Setup, trusts []lint.Web, report *lint.Reporter, sa *lint.Object, value *lint.Node) {
	if !value.Known() {
		if value != nil && value.Value == "" && !value.Unknown() {
			report.At(value, "write the role's ARN", "%s has an empty role annotation, so its %s", sa.ID(), noCredentials)
		}
		return
	}
	role, ok := lint.ParseRole(value.Value)
	if !ok {
		f := report.At(value, "write arn:PARTITION:iam::ACCOUNT:role/NAME", "%q is no ARN of a role%s, so STS refuses it and %s", value.Value, whyNoRole(value.Value), noCredentials)
		if rest, cut := strings.CutPrefix(value.Value, "aws"); cut && strings.Contains(rest, ":iam::") {
			f.Safe(replace(value, "arn:"+value.Value)...)
		}
		return
	}
	if meant := nearRole(set, role.Name); meant != "" {
		fixed := strings.TrimSuffix(value.Value, role.Name) + meant
		report.At(value, "write "+fixed, "%s takes the role %s, but the role of the set-up is %s, so STS refuses it and %s", sa.ID(), role.Name, meant, noCredentials).Unsafe(replace(value, fixed)...)
		return
	}
	var other *lint.Node
	for _, w := range trusts {
		if !trustsAccount(w, sa) {
			continue
		}
		provider := strings.Split(w.Provider.Text(), ":")
		if len(provider) < 6 || provider[4] == role.Account {
			return // a provider that the account has
		}
		other = w.Provider
	}
	if other != nil {
		account := strings.Split(other.Value, ":")[4]
		report.At(value, "write the account of the role: an OIDC provider can be trusted in its own account only",
			"%s takes a role of account %s, but the trust policy that names it is of account %s, so STS refuses the token and %s", sa.ID(), role.Account, account, noCredentials).
			See(other, "the provider of account %s", account)
	}
}

// nearRole is the IAM role of the set-up (an object of ACK or Crossplane) that a name was meant to be, or "" where it names one.
func nearRole(set *lint.Setup, name string) string {
	var roles []string
	for _, o := range set.Kind("Role") {
		switch o.Group() {
		case "iam.services.k8s.aws":
			roles = append(roles, o.Get("spec", "name").Text())
		case "iam.aws.upbound.io", "iam.aws.m.upbound.io":
			if external := o.Get("metadata", "annotations", "crossplane.io/external-name"); external != nil {
				roles = append(roles, external.Text())
			} else {
				roles = append(roles, o.Name)
			}
		}
	}
	if slices.Contains(roles, name) {
		return ""
	}
	return schema.Suggest(name, roles)
}

func whyNoRole(value string) string {
	switch {
	case strings.HasPrefix(value, "aws"):
		return " (it lacks arn: in front)"
	case strings.Contains(value, ":policy/"):
		return " but of a policy"
	case strings.Contains(value, ":assumed-role/"):
		return " but of a session"
	case strings.Contains(value, ":instance-profile/"):
		return " but of an instance profile"
	case anyARN().MatchString(value):
		return " (an account has twelve digits, and the role follows role/)"
	case bareRole().MatchString(value):
		return " but a bare name, which EKS does not complete"
	}
	return ""
}
