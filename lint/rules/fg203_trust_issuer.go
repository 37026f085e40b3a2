package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var trustIssuer = lint.Rule{
	ID: "FG203", Slug: "trust-issuer", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy's condition keys name another issuer than its provider",
	Check:   checkIssuer,
}

func checkIssuer(set *lint.Setup, report *lint.Reporter) {
	for _, w := range webs(set) {
		_, issuer, ok := strings.Cut(w.Provider.Value, ":oidc-provider/")
		if !ok {
			continue // FG219 reports what is no provider
		}
		issuer = bareIssuer(issuer)
		var first *lint.Finding
		var edits []lint.Edit
		for _, c := range w.Conditions {
			prefix, claim, ok := claimOf(c.Key.Value)
			if !ok || sameIssuer(prefix, issuer) {
				continue
			}
			edits = append(edits, replace(c.Key, issuer+":"+claim)...)
			if first != nil {
				first.See(c.Key, "and so does this key")
				continue
			}
			first = report.At(c.Key, "write "+issuer+":"+claim, "the condition key names the issuer %s%s, but the provider is %s: the token never has this key, so the role cannot be taken",
				prefix, whyOther(prefix), issuer).See(w.Provider, "the provider")
		}
		if first != nil {
			first.Unsafe(edits...)
		}
	}
}

// claimOf splits a condition key of a token into issuer and claim; keys of AWS itself are none.
func claimOf(key string) (issuer, claim string, ok bool) {
	i := strings.LastIndexByte(key, ':')
	if i < 0 || strings.HasPrefix(strings.ToLower(key), "aws:") || strings.HasPrefix(strings.ToLower(key), "sts:") {
		return "", "", false
	}
	return key[:i], key[i+1:], true
}

var holes = regex.Lazy(`<[^<>]*>`)

// sameIssuer compares without regard to case, as IAM does condition keys. Text that the file does not know is not judged,
// but a word that a guide left to be replaced on one side only is a difference.
func sameIssuer(a, b string) bool {
	if strings.ContainsAny(a+b, "${}\uE000") {
		return true
	}
	return strings.EqualFold(holes().ReplaceAllString(a, "<>"), holes().ReplaceAllString(b, "<>"))
}

func whyOther(prefix string) string {
	switch {
	case strings.Contains(prefix, "://"):
		return " (with a scheme)"
	case strings.HasPrefix(prefix, "arn:"):
		return " (by its ARN)"
	case strings.HasSuffix(prefix, "/"):
		return " (with a slash behind)"
	}
	return ""
}
