package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfWaveCombination = lint.Rule{
	ID: "FG531", Slug: "nf-wave-combination", Severity: lint.Error, Since: "0.1",
	Summary: "options of Wave that exclude each other, or lack another",
	Check:   checkWaveCombination,
}

func checkWaveCombination(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		mirror, freeze := t.Get("wave.mirror"), t.Get("wave.freeze")
		repository := t.Get("wave.build.repository")
		const stop = "Nextflow stops with an error"
		if mirror.IsTrue() && freeze.IsTrue() {
			report.At(mirror, "keep one of the two", "wave.mirror and wave.freeze exclude each other: %s", stop).See(freeze, "the other one")
		}
		for name, n := range map[string]*lint.Node{"mirror": mirror, "freeze": freeze} {
			if n.IsTrue() && repository == nil && t.whole() {
				report.At(n, "set wave.build.repository", "wave.%s needs wave.build.repository, the registry to push to: %s", name, stop)
			}
		}
		for _, n := range []*lint.Node{repository, t.Get("wave.build.cacheRepository")} {
			if strings.Contains(n.Text(), "://") {
				_, rest, _ := strings.Cut(n.Value, "://")
				report.At(n, "write it without the scheme", "a repository has no scheme: %s", stop).Safe(lint.Replace(n, rest))
			}
		}
		if strategy := t.Get("wave.strategy"); mirror.IsTrue() && strategy.Known() && strategy.Value != "container" {
			report.At(strategy, "write wave.strategy = 'container'", "wave.mirror works with the strategy container only: %s", stop)
		}
	}
}
