package rules

import "github.com/fusiongen/fusiongen/lint"

// identityRules are FG1: RBAC and service accounts.
func identityRules() []lint.Rule {
	return []lint.Rule{}
}
