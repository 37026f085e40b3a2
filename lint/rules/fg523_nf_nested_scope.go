package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfNestedScope = lint.Rule{
	ID: "FG523", Slug: "nf-nested-scope", Severity: lint.Error, Since: "0.1",
	Summary: "a scope stands inside of another one, where Nextflow does not look",
	Check:   checkNestedScope,
}

func checkNestedScope(set *lint.Setup, report *lint.Reporter) {
	outer := append([]string{"process", "docker", "executor"}, judged...)
	inner := append([]string{"process", "docker", "params", "profiles", "workDir"}, judged...)
	for _, c := range set.Configs {
		seen := map[string]bool{}
		for _, s := range c.Settings() {
			parts := strings.Split(s.Setting.Name, ".")
			if len(parts) < 2 || !slices.Contains(outer, parts[0]) || !slices.Contains(inner, parts[1]) || parts[0] == parts[1] || parts[0]+parts[1] == "k8sworkDir" || len(parts) == 2 && parts[1] != "workDir" {
				continue
			}
			key := s.Profile + s.Selector + parts[0] + parts[1]
			if seen[key] {
				continue
			}
			seen[key] = true
			report.At(s.Name, "close the block of "+parts[0]+" first: "+parts[1]+" is a scope of its own", "%s inside of %s does nothing: Nextflow reads %s at the top of the file or of a profile", parts[1], parts[0], parts[1])
		}
	}
}
