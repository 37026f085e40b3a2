package rules

import "github.com/fusiongen/fusiongen/lint"

// specRules are FG0: what cannot be read, and specs that the schema refuses.
func specRules() []lint.Rule {
	return []lint.Rule{specInvalid, placeholderLeft, unreadable}
}
