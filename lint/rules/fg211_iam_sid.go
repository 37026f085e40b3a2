package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var iamSid = lint.Rule{
	ID: "FG211", Slug: "iam-sid", Severity: lint.Error, Since: "0.1",
	Summary: "a Sid has characters that IAM refuses, or stands twice",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Policies {
			first := map[string]*lint.Node{}
			for _, s := range p.Statements() {
				sid := s.Get("Sid")
				if !sid.Known() || sid.Value == "" {
					continue
				}
				if clean := notAlphanumeric().ReplaceAllString(sid.Value, ""); clean != sid.Value {
					report.At(sid, "write "+clean, "a Sid has letters and digits only, so %s", refused).Safe(replace(sid, clean)...)
				}
				if before := first[sid.Value]; before != nil {
					report.At(sid, "give each statement a Sid of its own, or none", "the Sid %s stands twice in this document, so %s", sid.Value, refused).See(before, "the first")
				}
				first[sid.Value] = sid
			}
		}
	},
}

var notAlphanumeric = regex.Lazy(`[^A-Za-z0-9]`)
