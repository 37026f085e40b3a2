package rules

import (
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
)

var platformManaged = lint.Rule{
	ID: "FG557", Slug: "platform-managed-option", Severity: lint.Warning, Since: "0.1",
	Summary: "a compute environment's configuration or variables hold what Platform sets itself, or a secret",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			checkManaged(e, report)
			checkEnvSecrets(e, report)
		}
	},
}

// managedOptions are what Platform makes of the environment's own fields, with the field.
var managedOptions = map[string]string{"fusion.enabled": "fusion2Enabled", "wave.enabled": "waveEnabled", "k8s.namespace": "namespace", "k8s.serviceAccount": "computeServiceAccount", "workDir": "workDir"}

func checkManaged(e computeEnv, report *lint.Reporter) {
	config := e.config()
	if config == nil {
		return
	}
	for _, s := range config.Settings {
		at := e.get("nextflowConfig")
		if s.Name == "tower.accessToken" {
			report.At(at, "take it out, and withdraw the token", "the configuration holds a token, which everybody who sees the environment reads; Platform gives the head one of its own").As(lint.Error)
		}
		if field := managedOptions[s.Name]; field != "" {
			report.At(at, "take it out; "+e.name(field)+" says it", "Platform sets %s itself, from %s, so this line does nothing, or something else than the environment says", s.Name, e.name(field))
		}
	}
}

// checkEnvSecrets: variables of an environment are clear text for everybody who may see it.
func checkEnvSecrets(e computeEnv, report *lint.Reporter) {
	for _, v := range e.get("environment").List() {
		if name := v.Get("name"); name.Known() && schema.LooksSecret(name.Value, v.Get("value").Text()) {
			report.At(name, "use a Platform secret", "%s looks like a secret, and the variables of an environment are clear text", name.Value).As(lint.Error)
		}
	}
}
