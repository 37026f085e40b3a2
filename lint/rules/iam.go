package rules

import "github.com/fusiongen/fusiongen/lint"

// iamRules are FG2: IAM permissions and trust.
func iamRules() []lint.Rule {
	return []lint.Rule{}
}
