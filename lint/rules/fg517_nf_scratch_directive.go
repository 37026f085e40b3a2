package rules

import "github.com/fusiongen/fusiongen/lint"

var nfScratchDirective = lint.Rule{
	ID: "FG517", Slug: "nf-scratch-directive", Severity: lint.Warning, Since: "0.1",
	Summary: "the scratch directive takes tasks off Fusion",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			if _, on := t.fusion(); !on {
				continue
			}
			for _, s := range t.directives("scratch") {
				if s.Value.Known() && s.Value.Value != "false" && s.Selector == "" {
					report.At(s.Value, "set process.scratch = false; for processes with very many small files, in a selector", "tasks run in a directory of the container and copy their outputs afterwards: inputs are still read through Fusion, outputs are written twice, and the container's disk must hold them").
						Unsafe(lint.Replace(s.Value, "false"))
				}
			}
		}
	},
}
