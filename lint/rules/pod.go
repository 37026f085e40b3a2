package rules

import "github.com/fusiongen/fusiongen/lint"

// podRules are FG3: FUSE and pod security.
func podRules() []lint.Rule {
	return []lint.Rule{}
}
