package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var archLayer = lint.Rule{
	ID: "FG711", Slug: "arch-layer", Severity: lint.Error, Since: "0.1",
	Summary: "Fusion's layer is for another architecture than the nodes",
	Check:   checkArchLayer,
}

// archSuffix is the part of a URL's name that Nextflow replaces by the task's architecture (WaveClient.groovy).
var archSuffix = regex.Lazy(`[-_](?:amd64|arm64)\.`)

func checkArchLayer(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		n := t.Get("fusion.containerConfigUrl")
		arch := architecture(n.Text())
		if arch == "" || strings.HasPrefix(n.Text(), "http") && archSuffix().MatchString(n.Value) {
			continue
		}
		nodes := t.archs()
		for _, l := range t.selector() {
			if l.Key == "kubernetes.io/arch" {
				nodes = []label{l}
			}
		}
		if i := slices.IndexFunc(nodes, func(l label) bool { return l.Value != arch }); i >= 0 {
			report.At(n, "use an http(s) URL that ends in -"+arch+".json: Nextflow puts the task's architecture there", "the layer is for %s and tasks run on nodes of %s: /usr/bin/fusion fails with \"exec format error\"", arch, nodes[i].Value).
				See(nodes[i].At, "nodes of %s", nodes[i].Value)
		}
	}
}
