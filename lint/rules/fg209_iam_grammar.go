package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var iamGrammar = lint.Rule{
	ID: "FG209", Slug: "iam-grammar", Severity: lint.Error, Since: "0.1",
	Summary: "an IAM document is not what IAM's grammar allows",
	Check:   checkGrammar,
}

var (
	documentKeys  = []string{"Version", "Id", "Statement"}
	statementKeys = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	principalKeys = []string{"AWS", "Federated", "Service", "CanonicalUser"}
)

const refused = "IAM refuses the document (MalformedPolicyDocument)"

func checkGrammar(set *lint.Setup, report *lint.Reporter) {
	for _, p := range set.Policies {
		checkKeys(report, p.Node, documentKeys, "a policy")
		statements := p.Get("Statement")
		if statements.Kind != lint.Map && len(statements.List()) == 0 {
			report.At(statements, "write a list of statements", "the document has no statement, so %s", refused)
		}
		for _, s := range statements.OneOrMore() {
			if s.Kind != lint.Map {
				report.At(s, "write an object with Effect, Action and Resource", "a statement is an object, so %s", refused)
				continue
			}
			checkStatement(report, s)
		}
		checkKind(report, p)
	}
}

func checkKeys(report *lint.Reporter, n *lint.Node, allowed []string, what string) {
	seen := map[string]bool{}
	for _, f := range n.Fields {
		if seen[f.Key.Value] {
			report.At(f.Key, "keep one of them", "%s stands twice in %s, so %s", f.Key.Value, what, refused)
		}
		seen[f.Key.Value] = true
		if slices.Contains(allowed, f.Key.Value) {
			continue
		}
		meant := ""
		for _, a := range allowed {
			if strings.EqualFold(a, f.Key.Value) || strings.EqualFold(a+"s", f.Key.Value) {
				meant = a
			}
		}
		if meant == "" {
			meant = schema.Suggest(f.Key.Value, allowed)
		}
		found := report.At(f.Key, "remove it; "+what+" has "+english(allowed), "%s has no key %s, so %s", what, f.Key.Value, refused)
		if meant != "" {
			found.Hint = "write " + meant
			found.Safe(replace(f.Key, meant)...)
		}
	}
}

func checkStatement(report *lint.Reporter, s *lint.Node) {
	checkKeys(report, s, statementKeys, "a statement")
	if e := s.Get("Effect"); e == nil {
		if !hasLike(s, "Effect") {
			at := s
			if len(s.Fields) > 0 {
				at = s.Fields[0].Key
			}
			report.At(at, `add "Effect": "Allow"`, "the statement has no Effect, so %s", refused)
		}
	} else if e.Known() && e.Value != "Allow" && e.Value != "Deny" {
		f := report.At(e, "write Allow or Deny", "the effect is Allow or Deny, not %q, so %s", e.Value, refused)
		for _, right := range []string{"Allow", "Deny"} {
			if strings.EqualFold(e.Value, right) {
				f.Safe(replace(e, right)...)
			}
		}
	}
	checkEither(report, s, "Action", "NotAction")
	if s.Get("Principal") == nil && s.Get("NotPrincipal") == nil {
		checkEither(report, s, "Resource", "NotResource")
	}
	for _, key := range [...]string{"Action", "NotAction", "Resource", "NotResource"} {
		for _, n := range s.Get(key).OneOrMore() {
			if n.Kind != lint.String {
				report.At(n, "write a string or a list of strings", "%s holds what is no string, so %s", key, refused)
			}
		}
	}
	if p := s.Get("Principal"); p != nil && p.Kind == lint.Map {
		checkKeys(report, p, principalKeys, "a principal")
	}
	for _, op := range fieldsOf(s.Get("Condition")) {
		if !knownOperator(op.Key.Value) {
			f := report.At(op.Key, "write StringEquals, StringLike or another operator of IAM", "IAM has no condition operator %s, so %s", op.Key.Value, refused)
			if meant := schema.Suggest(op.Key.Value, operators); meant != "" {
				f.Hint = "write " + meant
				f.Safe(replace(op.Key, meant)...)
			}
		}
	}
}

func checkEither(report *lint.Reporter, s *lint.Node, one, not string) {
	switch a, b := s.Field(one), s.Field(not); {
	case a != nil && b != nil:
		report.At(b.Key, "keep one of them", "a statement has %s or %s, not both, so %s", one, not, refused)
	case a == nil && b == nil && len(s.Fields) > 0 && !hasLike(s, one):
		report.At(s.Fields[0].Key, `add "`+one+`"`, "the statement has no %s, so %s", one, refused)
	case a != nil && a.Value.Kind == lint.List && len(a.Value.Items) == 0:
		report.At(a.Key, "name at least one, or remove the statement", "%s is empty, so %s", one, refused)
	}
}

// hasLike: a misspelt key was reported by its own name.
func hasLike(s *lint.Node, key string) bool {
	return slices.ContainsFunc(s.Fields, func(f lint.Field) bool {
		return strings.EqualFold(f.Key.Value, key) || strings.EqualFold(f.Key.Value, key+"s") || schema.Suggest(f.Key.Value, []string{key}) != "" && !slices.Contains(statementKeys, f.Key.Value)
	})
}

// checkKind: an identity policy names no principal, a trust policy names one and no resource.
func checkKind(report *lint.Reporter, p *lint.Policy) {
	var with, without []*lint.Node
	for _, s := range p.Get("Statement").OneOrMore() {
		f := s.Field("Principal")
		if f == nil {
			f = s.Field("NotPrincipal")
		}
		if f == nil {
			without = append(without, s)
			continue
		}
		with = append(with, f.Key)
		assumes := slices.ContainsFunc(s.Get("Action").Texts(), func(a string) bool { return strings.HasPrefix(strings.ToLower(a), "sts:assumerole") })
		if r := s.Field("Resource"); r != nil && assumes {
			report.At(r.Key, "remove it: a trust policy is about its own role", "a trust policy has no Resource, so %s", refused).Safe(lint.RemoveField(r))
		}
		if assumes && f.Key.Value == "NotPrincipal" {
			report.At(f.Key, "name who may take the role in Principal", "a trust policy has no NotPrincipal, so %s", refused)
		}
	}
	if len(with) > 0 && len(without) > 0 && len(p.Get("Id").Text()) == 0 {
		report.At(with[0], "remove it: the role is the principal", "some statements of this document name a principal and others do not: a role's permissions name none, so %s", refused)
	}
}

var operators = strings.Fields(`StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
	NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
	DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
	Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null`)

// knownOperator knows IAM's operators with their prefixes and suffix. Source: IAM user guide, condition operators.
func knownOperator(name string) bool {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "ForAnyValue:"), "ForAllValues:")
	base := strings.TrimSuffix(name, "IfExists")
	return slices.Contains(operators, base) && (base != "Null" || base == name)
}
