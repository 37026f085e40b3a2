package rules

import "github.com/fusiongen/fusiongen/lint"

// nodeRules are FG7: nodes and autoscaling.
func nodeRules() []lint.Rule {
	return []lint.Rule{}
}
