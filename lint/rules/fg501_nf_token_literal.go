package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nfTokenLiteral = lint.Rule{
	ID: "FG501", Slug: "nf-token-literal", Severity: lint.Error, Since: "0.1",
	Summary: "a token or key stands in the configuration",
	Check:   checkTokenLiteral,
}

// secretOptions hold credentials; where they come from instead. AWS keys are FG115's.
var secretOptions = map[string]string{
	"tower.accessToken":        "leave the option out and set TOWER_ACCESS_TOKEN in the head's environment, from a Secret",
	"aws.client.proxyPassword": "take it from a Nextflow secret: secrets.NAME",
	"k8s.client.token":         "use k8s.client.tokenFile",
	"k8s.client.clientKey":     "use k8s.client.clientKeyFile",
	"env.TOWER_ACCESS_TOKEN":   "set it in the head's environment, from a Secret",
}

var secretName = regex.Lazy(`(?i)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY)$`)

func checkTokenLiteral(set *lint.Setup, report *lint.Reporter) {
	const message = "%s stands in clear text in a file that is committed, copied and printed by nextflow config: who reads it can act as you"
	for _, c := range set.Configs {
		for _, s := range c.Settings() {
			hint := secretOptions[s.Setting.Name]
			if hint == "" || !written(s.Value) {
				continue
			}
			report.At(s.Value, hint, message, s.Setting.Name).Unsafe(c.RemoveSetting(s.Setting))
		}
	}
	for _, o := range options(set) {
		name, value := o.Get("env"), o.Get("value")
		if secretName().MatchString(name.Text()) && !strings.HasPrefix(name.Value, "AWS_") && written(value) && !slices.Contains([]string{"true", "false"}, value.Value) && !strings.HasPrefix(value.Value, "/") {
			report.At(value, "write [env: '"+name.Value+"', secret: 'SECRET-NAME/KEY']", message, name.Value)
		}
	}
}

// written says whether a text stands in the file, a placeholder for it included: what a run would compute does not.
func written(n *lint.Node) bool {
	return n != nil && n.Kind == lint.String && n.Value != "" && (n.Known() || lint.Placeholder(n.Value) != "" && !strings.ContainsAny(n.Value, "${"))
}
