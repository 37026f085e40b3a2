package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var iamWildcard = lint.Rule{
	ID: "FG212", Slug: "iam-wildcard", Severity: lint.Warning, Since: "0.1",
	Summary: "a role is granted all of S3, or S3 everywhere",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range identityPolicies(set) {
			for _, s := range p.Statements() {
				if s.Effect == "Allow" && concernsS3(p) {
					checkWildcards(report, s)
				}
			}
		}
	},
}

func checkWildcards(report *lint.Reporter, s lint.Statement) {
	for _, name := range [...]string{"NotAction", "NotResource"} {
		if f := s.Field(name); f != nil {
			report.At(f.Key, "name what is granted", "Allow with %s grants everything that it does not name, also what AWS adds tomorrow", name)
		}
	}
	s3 := false
	for _, n := range s.Actions {
		switch v := strings.ToLower(n.Value); {
		case v == "*" || v == "*:*":
			report.At(n, "name the actions that head and tasks use", "every pod with this role may do everything in the account").As(lint.Error)
		case v == "s3:*":
			report.At(n, "name the actions that head and tasks use", "s3:* also grants to delete the bucket, to change its policy and to make it public")
		case v == "s3:put*" || v == "s3:delete*":
			report.At(n, "name the actions that head and tasks use", "%s also covers the bucket's policy and its life cycle", n.Value)
		}
		s3 = s3 || strings.HasPrefix(strings.ToLower(n.Value), "s3:") && !everywhere(n)
	}
	for _, r := range s.Resources {
		if s3 && r.Known() && slices.Contains([]string{"*", "*/*"}, s3Tail(r.Value)) {
			report.At(r, "name the buckets: arn:aws:s3:::BUCKET and arn:aws:s3:::BUCKET/*", "%s is every bucket that this account can reach, so any task reads and deletes the data of all", r.Value)
		}
	}
}

// everywhere says whether an action takes no other resource than *.
func everywhere(n *lint.Node) bool {
	want, _ := onlyType(n, map[string]bool{})
	return want == "*"
}
