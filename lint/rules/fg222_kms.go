package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var kmsNotGranted = lint.Rule{
	ID: "FG222", Slug: "kms-not-granted", Severity: lint.Error, Since: "0.1",
	Summary: "objects are encrypted with a key that a role may not use, or that is of another region",
	Check:   checkKMS,
}

func checkKMS(set *lint.Setup, report *lint.Reporter) {
	for _, at := range places(set) {
		if at.where != "work" || at.view == nil {
			continue
		}
		key := at.view.Get("aws.client.storageKmsKeyId")
		if !key.Known() {
			continue
		}
		if parts := strings.Split(key.Value, ":"); len(parts) > 3 && parts[2] == "kms" {
			if region := at.view.Get("aws.region"); region.Known() && region.Value != parts[3] {
				report.At(key, "name a key of "+region.Value, "the key is of %s, but the run is of %s: S3 encrypts with keys of the bucket's own region only, so every write fails", parts[3], region.Value).
					See(region, "the region")
			}
		}
		for _, p := range rolePolicies(set) {
			s := grantsObjects(p, at)
			if s == nil {
				continue
			}
			var lacking []string
			for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
				if !allowsKey(p, action, key.Value) {
					lacking = append(lacking, action)
				}
			}
			if len(lacking) > 0 {
				report.At(actionsOf(*s), "grant "+english(lacking)+" on "+key.Value, "the role writes objects that the configuration encrypts with %s, but may not use the key (%s): %s", key.Value, english(lacking),
					map[bool]string{true: "every write is denied", false: "reading, and every upload in parts, is denied"}[slices.Contains(lacking, "kms:GenerateDataKey")]).
					See(key, "the key")
			}
		}
	}
}

// allowsKey says whether a policy grants a call on a key. A key by its id or alias may be that of any ARN.
func allowsKey(p *lint.Policy, action, key string) bool {
	return slices.ContainsFunc(p.Statements(), func(s lint.Statement) bool {
		return s.Effect == "Allow" && coversAction(s, action) && slices.ContainsFunc(s.Resources, func(r *lint.Node) bool {
			named := strings.HasPrefix(key, "arn:") && !strings.Contains(key, ":alias/")
			return r.Unknown() || !named && strings.Contains(r.Value, ":kms:") || lint.MatchPattern(arnPartition().ReplaceAllString(r.Value, ":"), arnPartition().ReplaceAllString(key, ":"))
		})
	})
}

// actionsOf is where a statement's actions stand, or the statement.
func actionsOf(s lint.Statement) *lint.Node {
	if n := s.Get("Action"); n != nil {
		return n
	}
	return s.Node
}
