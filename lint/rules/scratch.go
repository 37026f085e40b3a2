package rules

import "github.com/fusiongen/fusiongen/lint"

// scratchRules are FG4: NVMe and scratch.
func scratchRules() []lint.Rule {
	return []lint.Rule{}
}
