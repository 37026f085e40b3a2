package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfEndpointSlash = lint.Rule{
	ID: "FG532", Slug: "nf-endpoint-slash", Severity: lint.Error, Since: "0.1",
	Summary: "tower.endpoint ends in a slash",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, c := range set.Configs {
			for _, s := range c.Settings() {
				if s.Setting.Name == "tower.endpoint" && strings.HasSuffix(s.Value.Text(), "/") {
					report.At(s.Value, "write it without the slash", "tower.endpoint ends in a slash: Nextflow stops with an IllegalArgumentException").Safe(lint.Replace(s.Value, strings.TrimRight(s.Value.Value, "/")))
				}
			}
		}
	},
}
