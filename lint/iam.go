package lint

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// Statement is one statement of an IAM document.
type Statement struct {
	*Node
	Effect              string
	Actions, NotActions []*Node
	Resources           []*Node
	Principal           *Node
	Conditions          []Condition
}

// Condition is one key of a condition block with its operator.
type Condition struct {
	Operator *Node // the operator's name
	Key      *Node
	Values   []*Node
	List     *Node // Values as they stand: one string or a list
}

// Statements are the statements of the document.
func (p *Policy) Statements() []Statement {
	var out []Statement
	for _, n := range p.Get("Statement").OneOrMore() {
		s := Statement{
			Node: n, Effect: n.Get("Effect").Text(), Actions: n.Get("Action").OneOrMore(), NotActions: n.Get("NotAction").OneOrMore(),
			Resources: n.Get("Resource").OneOrMore(), Principal: n.Get("Principal"),
		}
		if c := n.Get("Condition"); c != nil {
			for _, op := range c.Fields {
				for _, f := range op.Value.Fields {
					s.Conditions = append(s.Conditions, Condition{Operator: op.Key, Key: f.Key, Values: f.Value.OneOrMore(), List: f.Value})
				}
			}
		}
		out = append(out, s)
	}
	return out
}

// Trust says whether the document is a role's trust policy: it names who may assume.
func (p *Policy) Trust() bool {
	return slices.ContainsFunc(p.Get("Statement").OneOrMore(), func(n *Node) bool { return n.Get("Principal") != nil || n.Get("NotPrincipal") != nil }) &&
		!slices.ContainsFunc(p.Statements(), func(s Statement) bool { return len(s.Resources) > 0 })
}

// Trusts are the set-up's trust policies, Permissions its other IAM documents.
func (set *Setup) Trusts() []*Policy { return set.policies(true) }

// Permissions are the IAM documents that are no trust policies.
func (set *Setup) Permissions() []*Policy { return set.policies(false) }

func (set *Setup) policies(trust bool) []*Policy {
	var out []*Policy
	for _, p := range set.Policies {
		if p.Trust() == trust {
			out = append(out, p)
		}
	}
	return out
}

// Web is a statement that trusts an OIDC provider.
type Web struct {
	Policy *Policy
	Statement
	Provider *Node  // Principal.Federated
	Issuer   string // host and path of the provider, "" where it has none
}

// Webs are the statements of the set-up's trust policies that name a federated principal.
func (set *Setup) Webs() []Web {
	var out []Web
	for _, p := range set.Trusts() {
		for _, s := range p.Statements() {
			for _, provider := range s.Principal.Get("Federated").OneOrMore() {
				_, issuer, _ := strings.Cut(provider.Text(), ":oidc-provider/")
				out = append(out, Web{Policy: p, Statement: s, Provider: provider, Issuer: issuer})
			}
		}
	}
	return out
}

// Claim are the conditions on a claim ("sub", "aud") of any issuer, also of one that a variable names.
func (s Statement) Claim(claim string) []Condition {
	var out []Condition
	for _, c := range s.Conditions {
		if strings.HasSuffix(c.Key.Value, ":"+claim) && !strings.HasPrefix(c.Key.Value, "aws:") {
			out = append(out, c)
		}
	}
	return out
}

var subjectPattern = regex.Lazy(`^system:serviceaccount:([^:]+):([^:]+)$`)

// Subject is the account that a sub claim names; ok is false where it names none in the right form.
func Subject(value string) (Account, bool) {
	m := subjectPattern().FindStringSubmatch(value)
	if m == nil {
		return Account{}, false
	}
	return Account{m[1], m[2]}, true
}

var eksIssuer = regex.Lazy(`^oidc\.eks\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?|[a-z0-9.-]+)/id/([0-9A-Za-z]+)$`)

// EKSIssuer splits the issuer of an EKS cluster into region and id.
func EKSIssuer(issuer string) (region, id string, ok bool) {
	m := eksIssuer().FindStringSubmatch(issuer)
	if m == nil {
		return "", "", false
	}
	return m[1], m[3], true
}

// RoleAnnotation is the annotation that gives a service account its role (IRSA).
const RoleAnnotation = "eks.amazonaws.com/role-arn"

var roleARN = regex.Lazy(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]{1,64})$`)

// Role is a role by its ARN.
type Role struct{ Partition, Account, Name string }

// ParseRole splits the ARN of a role.
func ParseRole(arn string) (Role, bool) {
	m := roleARN().FindStringSubmatch(arn)
	if m == nil {
		return Role{}, false
	}
	return Role{m[1], m[2], m[3]}, true
}

// S3 is a bucket and a key or prefix of an s3:// URI.
type S3 struct{ Bucket, Key string }

// ParseS3 splits an s3:// URI.
func ParseS3(uri string) (S3, bool) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if !ok {
		return S3{}, false
	}
	bucket, key, _ := strings.Cut(rest, "/")
	return S3{bucket, strings.Trim(key, "/")}, bucket != ""
}

// MatchPattern says whether an IAM pattern (* and ?) covers text, in time proportional to the product of their lengths.
func MatchPattern(pattern, text string) bool {
	p, t := 0, 0
	star, resume := -1, 0 // the last star, and where its match ends
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
