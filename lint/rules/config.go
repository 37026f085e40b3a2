package rules

import "github.com/fusiongen/fusiongen/lint"

// configRules are FG500 to FG549: nextflow.config.
func configRules() []lint.Rule {
	return []lint.Rule{}
}
