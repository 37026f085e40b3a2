package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/nfconfig"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// computeEnv is a compute environment of Seqera Platform in one of the forms that people keep it in.
type computeEnv struct {
	block     *lint.Node // holds the fields
	platform  string     // eks-platform, k8s-platform; "" where nothing says it
	title     *lint.Node // its name; nil where the form has none
	terraform bool       // the fields have the provider's names
	imported  bool       // the file of tw compute-envs import, which ignores names that it does not know
}

// computeEnvs are those of the set-up.
func computeEnvs(set *lint.Setup) []computeEnv {
	var out []computeEnv
	for _, d := range set.Data {
		if config := d.Get("computeEnv", "config"); config != nil && config.Kind == lint.Map {
			out = append(out, computeEnv{block: config, platform: d.Get("computeEnv", "platform").Text(), title: d.Get("computeEnv", "name")})
			continue
		}
		if all := d.Get("resource", "seqera_compute_env"); all != nil {
			for _, r := range all.Fields {
				for _, f := range entriesOf(r.Value.Get("compute_env", "config")) {
					out = append(out, computeEnv{block: f.Value, platform: strings.ReplaceAll(f.Key.Value, "_", "-"), title: r.Value.Get("compute_env", "name"), terraform: true})
				}
			}
			continue
		}
		discriminator := d.Get("discriminator")
		if discriminator != nil || d.Get("clusterName") != nil && (d.Get("headServiceAccount") != nil || d.Get("workDir") != nil) {
			out = append(out, computeEnv{block: d.Node, platform: discriminator.Text(), imported: true})
		}
	}
	return out
}

func entriesOf(n *lint.Node) []lint.Field {
	if n == nil {
		return nil
	}
	return n.Fields
}

// name is a field's name in this form.
func (e computeEnv) name(field string) string {
	if !e.terraform {
		return field
	}
	for _, f := range facts.EnvFields() {
		if f.Name == field {
			return f.Terraform
		}
	}
	return field
}

// get is the value of a field by the API's name, nil where it is not set.
func (e computeEnv) get(field string) *lint.Node { return e.block.Get(e.name(field)) }

// at is the place of a field, else of the environment.
func (e computeEnv) at(field string) *lint.Node {
	if n := e.get(field); n != nil {
		return n
	}
	if len(e.block.Fields) > 0 {
		return e.block.Fields[0].Key
	}
	return e.block
}

// on says whether a switch is on; a switch as text is, too, for people mean it so.
func (e computeEnv) on(field string) bool { return e.get(field).Text() == "true" }

// config is the configuration that the environment embeds; nil where it has none that can be read.
func (e computeEnv) config() *nfconfig.File {
	n := e.get("nextflowConfig")
	if !n.Known() {
		return nil
	}
	file, errs := nfconfig.Parse([]byte(n.Value))
	if len(errs) > 0 {
		return nil
	}
	return file
}

// option is the text of an option in the embedded configuration, of a list or map as it stands; false where it is not set.
func (e computeEnv) option(name string) (string, bool) {
	config := e.config()
	if config == nil {
		return "", false
	}
	s := config.Lookup("", name)
	if s == nil {
		return "", false
	}
	if s.Value.Kind == nfconfig.List || s.Value.Kind == nfconfig.Map {
		return e.get("nextflowConfig").Value[s.Value.Start:s.Value.End], true
	}
	return s.Value.Text, true
}

// namespace is the environment's; the API's default is "default".
func (e computeEnv) namespace() string {
	if n := e.get("namespace"); n != nil {
		return n.Text()
	}
	return "default"
}
