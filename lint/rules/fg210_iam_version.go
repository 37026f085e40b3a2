package rules

import "github.com/fusiongen/fusiongen/lint"

var iamVersion = lint.Rule{
	ID: "FG210", Slug: "iam-version", Severity: lint.Warning, Since: "0.1",
	Summary: "an IAM document has no Version, or an old or unknown one",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Policies {
			v := p.Get("Version")
			switch {
			case v == nil && len(p.Fields) > 0:
				if hasLike(p.Node, "Version") {
					continue // FG209 reports the key
				}
				report.At(p.Fields[0].Key, `add "Version": "2012-10-17"`, "the document has no Version, which means the one of 2008: variables such as ${aws:PrincipalTag/team} are taken literally")
			case !v.Known():
			case v.Value == "2008-10-17":
				report.At(v, "write 2012-10-17", "the document is of the language of 2008: variables such as ${aws:PrincipalTag/team} are taken literally").Unsafe(replace(v, "2012-10-17")...)
			case v.Value != "2012-10-17":
				report.At(v, "write 2012-10-17: it is the version of the language, not of your document", "IAM knows no policy language %q, so %s", v.Value, refused).As(lint.Error).Safe(replace(v, "2012-10-17")...)
			}
		}
	},
}
