package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var scratchQuantity = lint.Rule{
	ID: "FG417", Slug: "scratch-quantity", Severity: lint.Error, Since: "0.1",
	Summary: "a volume's size is written as Nextflow writes sizes, which Kubernetes does not read",
	Check:   checkScratchQuantity,
}

var nextflowSize = regex.Lazy(`^(\d+)\s*\.?([kKmMgGtT])[bB]$`)

func checkScratchQuantity(set *lint.Setup, report *lint.Reporter) {
	for _, o := range options(set) {
		for _, n := range []*lint.Node{o.Get("emptyDir", "sizeLimit"), o.Get("csi", "volumeAttributes", "size")} {
			if _, ok := quantity(n); ok || !n.Known() {
				continue
			}
			f := report.At(n, "write a Kubernetes quantity, such as '200Gi'", "%q is no Kubernetes quantity: the API server refuses every task pod", n.Value)
			if m := nextflowSize().FindStringSubmatch(strings.TrimSpace(n.Value)); m != nil {
				f.Safe(lint.Replace(n, m[1]+strings.ToUpper(m[2])+"i"))
			}
		}
	}
}
