package rules

import "github.com/fusiongen/fusiongen/lint"

var nfTokenHidden = lint.Rule{
	ID: "FG534", Slug: "nf-token-hidden", Severity: lint.Error, Since: "0.1",
	Summary: "an empty tower.accessToken hides the one of the environment",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, c := range set.Configs {
			for _, s := range c.Settings() {
				if s.Setting.Name == "tower.accessToken" && (s.Value.Kind == lint.Null || s.Value.Kind == lint.String && s.Value.Value == "") {
					report.At(s.Value, "remove the line", "the option is there, so Nextflow does not look at TOWER_ACCESS_TOKEN, and it is empty: the run has no token, and stops or runs without a licence").Safe(c.RemoveSetting(s.Setting))
				}
			}
		}
	},
}
