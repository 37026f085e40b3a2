package rules

import "github.com/fusiongen/fusiongen/lint"

// Live are the rules that look at an account and not at files: fusiongen iam verify checks them. They have pages like
// all others, and no Check.
func Live() []lint.Rule {
	return withPages([]lint.Rule{
		{ID: "FG801", Slug: "live-role-missing", Severity: lint.Error, Since: "0.1.0", Summary: "the account lacks a role that the spec names"},
		{ID: "FG802", Slug: "live-trust-drift", Severity: lint.Error, Since: "0.1.0", Summary: "a live trust policy is not the spec's"},
		{ID: "FG803", Slug: "live-permission-missing", Severity: lint.Error, Since: "0.1.0", Summary: "a live role may not do what a run does"},
		{ID: "FG804", Slug: "live-permission-extra", Severity: lint.Warning, Since: "0.1.0", Summary: "a live role may do more than a run does"},
		{ID: "FG805", Slug: "live-oidc-provider", Severity: lint.Error, Since: "0.1.0", Summary: "the account does not accept the cluster's tokens"},
		{ID: "FG806", Slug: "live-pod-identity", Severity: lint.Error, Since: "0.1.0", Summary: "a service account has no fitting Pod Identity association"},
		{ID: "FG807", Slug: "live-boundary", Severity: lint.Error, Since: "0.1.0", Summary: "a permissions boundary denies what a run does"},
		{ID: "FG808", Slug: "live-session-long", Severity: lint.Hint, Since: "0.1.0", Summary: "sessions of a role may last longer than any pod needs"},
		{ID: "FG809", Slug: "live-organization-denies", Severity: lint.Error, Since: "0.1.0", Summary: "a policy of the organization denies what a run does"},
		{ID: "FG810", Slug: "live-not-checked", Severity: lint.Warning, Since: "0.1.0", Summary: "a check could not be made with these credentials"},
		{ID: "FG811", Slug: "live-role-not-ours", Severity: lint.Hint, Since: "0.1.0", Summary: "a role does not carry the workspace's mark"},
	})
}
