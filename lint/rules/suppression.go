package rules

import "github.com/fusiongen/fusiongen/lint"

// suppressionRules are FG9: suppressions that are themselves wrong. The engine checks them after all other rules.
func suppressionRules() []lint.Rule {
	return []lint.Rule{ignoreNoReason, ignoreUnused, ignoreExpired}
}
