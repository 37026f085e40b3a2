package rules

import (
	"unicode"

	"github.com/fusiongen/fusiongen/lint"
)

var iamSize = lint.Rule{
	ID: "FG213", Slug: "iam-size", Severity: lint.Error, Since: "0.1",
	Summary: "an IAM document is longer than IAM takes, or has characters that it refuses",
	Check:   checkSize,
}

// The limits of IAM in characters other than white space. Sources: IAM user guide, quotas; the error texts of PolicySize,
// ACLSizePerRole and inline policies.
const (
	managedPolicy = 6144  // of one managed policy
	inlinePolicy  = 10240 // of all inline policies of a role together
	trustPolicy   = 2048  // of a role's trust policy, unless the quota was raised
	raisedTrust   = 4096
)

func checkSize(set *lint.Setup, report *lint.Reporter) {
	for _, p := range set.Policies {
		n := 0
		text := string(p.File.Src[p.Start:p.End])
		for i, r := range text {
			if !unicode.IsSpace(r) {
				n++
			}
			if r > '\u00ff' {
				report.Bytes(p.File, p.Start+i, p.Start+i+len(string(r)), string(r), "write it in ASCII", "IAM takes no character above U+00FF, and %q is one, so %s", r, refused)
				break
			}
		}
		at := p.Node
		if len(p.Fields) > 0 {
			at = p.Fields[0].Key
		}
		switch {
		case p.Trust() && n > raisedTrust:
			report.At(at, "make a role for each cluster", "the trust policy has %d characters without white space, and IAM takes 2,048, or 4,096 where the quota was raised", n)
		case p.Trust() && n > trustPolicy:
			report.At(at, "make a role for each cluster, or have the quota raised", "the trust policy has %d characters without white space, and IAM takes 2,048 unless the quota was raised (ACLSizePerRole)", n).As(lint.Warning)
		case !p.Trust() && n > inlinePolicy:
			report.At(at, "divide it into several managed policies", "the policy has %d characters without white space, and IAM takes 6,144 of a managed policy and 10,240 of all inline policies of a role", n)
		case !p.Trust() && n > managedPolicy:
			report.At(at, "put it inline, or divide it", "the policy has %d characters without white space: too long for a managed policy (6,144), not for an inline one", n).As(lint.Warning)
		}
	}
}
