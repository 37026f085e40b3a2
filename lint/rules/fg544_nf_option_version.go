package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var nfOptionVersion = lint.Rule{
	ID: "FG544", Slug: "nf-option-version", Severity: lint.Warning, Since: "0.1",
	Summary: "an option that this version of Nextflow does not have yet, or no longer supports",
	Check:   checkOptionVersion,
}

func checkOptionVersion(set *lint.Setup, report *lint.Reporter) {
	version := set.NextflowVersion()
	if version == "" {
		return
	}
	table := map[string]facts.Option{}
	for _, o := range facts.Options() {
		table[o.Name] = o
	}
	for _, c := range set.Configs {
		for _, s := range flat(c) {
			switch o := table[s.name]; {
			case o.Since != "" && !lint.AtLeast(version, o.Since):
				report.At(s.key, "leave it out, or run Nextflow "+o.Since, "%s exists from Nextflow %s on, and this is %s: it is ignored", s.name, o.Since, version)
			case o.Until != "" && lint.AtLeast(version, o.Until):
				report.At(s.key, "remove it", "%s is not supported from Nextflow %s on, and this is %s: it is ignored", s.name, o.Until, version)
			}
		}
	}
	for _, o := range options(set) {
		if k, found, _ := o.kind(); found && k.Since != "" && !lint.AtLeast(version, k.Since) {
			report.At(o.Fields[0].Key, "leave it out, or run Nextflow "+k.Since, "the pod option %s exists from Nextflow %s on, and this is %s: it stops with \"Unknown pod options\"", k.Needs[0], k.Since, version).As(lint.Error)
		}
	}
}
