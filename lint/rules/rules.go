// Package rules holds what the linter knows: a file a rule, its page beside it.
package rules

import (
	"embed"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

//go:embed *.md
var pages embed.FS

// All are the rules in the order of their IDs, each with its page.
func All() []lint.Rule {
	all := slices.Concat(specRules(), identityRules(), iamRules(), podRules(), scratchRules(), configRules(), platformRules(), kustomizeRules(), nodeRules(), suppressionRules())
	return withPages(all)
}

func withPages(all []lint.Rule) []lint.Rule {
	for i := range all {
		all[i].Page = func() string {
			page, _ := pages.ReadFile(all[i].ID + ".md") // a test says when one is missing
			return string(page)
		}
	}
	return all
}
