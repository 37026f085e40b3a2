package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var nfUnknownOption = lint.Rule{
	ID: "FG503", Slug: "nf-unknown-option", Severity: lint.Error, Since: "0.1",
	Summary: "an option that Nextflow does not have: it is ignored",
	Check:   checkUnknownOption,
}

// scopes of nextflow.config, and the options that stand outside of one (docs/reference/config).
var scopes = strings.Fields(`apptainer aws azure charliecloud conda dag docker env executor fusion google k8s lineage mail manifest
	nextflow notification packages params plugins podman process profiles registry report sarus seqera shifter singularity spack timeline
	tower trace wave weblog workflow bucketDir cleanup dumpChannels dumpHashes libDir outputDir resume stubRun workDir runName cacheable
	includeConfig params validation nf-prov prov co2footprint launchDir projectDir`)

// judged are the scopes whose options are all known, with those that a slip of the pen would be meant for.
var judged = []string{"aws", "fusion", "k8s", "tower", "wave"}

func checkUnknownOption(set *lint.Setup, report *lint.Reporter) {
	known := map[string]facts.Option{}
	var names []string
	for _, o := range facts.Options() {
		known[o.Name] = o
		names = append(names, o.Name)
	}
	for _, c := range set.Configs {
		for _, s := range flat(c) {
			first, _, _ := strings.Cut(s.name, ".")
			if !slices.Contains(judged, first) {
				checkScope(s, first, report)
				continue
			}
			if declared(known, s.name) || nested(s.name) {
				continue
			}
			near := schema.Suggest(s.name, names)
			hint := "remove it"
			if near != "" {
				hint = "did you mean " + near + "?"
			}
			f := report.At(s.key, hint, "Nextflow has no option %s: it warns and goes on without it", s.name)
			if near == "" {
				f.As(lint.Warning)
				continue
			}
			if edit, ok := rename(s.key, s.name, near); ok {
				f.Unsafe(edit)
			}
		}
	}
}

// checkScope looks for a slip in the name of a scope: the scope is then as good as absent.
func checkScope(s flatSetting, first string, report *lint.Reporter) {
	if slices.Contains(scopes, first) {
		return
	}
	near := schema.Suggest(first, append([]string{"process", "workDir", "executor"}, judged...))
	if near == "" || near[0] != first[0] {
		return
	}
	report.At(s.key, "did you mean "+near+"?", "Nextflow has no %s: what is set there does nothing", first)
}

// flatSetting is an option with its value; of a map that is assigned whole, one for each of its keys.
type flatSetting struct {
	name  string
	key   *lint.Node
	value *lint.Node
}

func flat(c *lint.Config) []flatSetting {
	var out []flatSetting
	var add func(name string, key, value *lint.Node)
	add = func(name string, key, value *lint.Node) {
		if value.Kind == lint.Map && openScope(name) {
			for _, f := range value.Fields {
				add(name+"."+f.Key.Value, f.Key, f.Value)
			}
			return
		}
		out = append(out, flatSetting{name, key, value})
	}
	for _, s := range c.Settings() {
		add(s.Setting.Name, s.Name, s.Value)
	}
	return out
}

// openScope says whether the name is a scope of options, not an option of its own.
func openScope(name string) bool {
	if first, _, _ := strings.Cut(name, "."); !slices.Contains(judged, first) {
		return false
	}
	for _, o := range facts.Options() {
		if o.Name == name {
			return name == "k8s.client"
		}
	}
	return slices.ContainsFunc(facts.Options(), func(o facts.Option) bool { return strings.HasPrefix(o.Name, name+".") })
}

// declared says whether an option is in the table, is a scope of it, or lies below one of type map.
func declared(known map[string]facts.Option, name string) bool {
	for at := name; at != ""; at, _ = cutLast(at, ".") {
		if o, ok := known[at]; ok && (at == name || o.Type == "map" && at != "k8s.client") {
			return true
		}
	}
	return openScope(name)
}

// rename writes the wanted name where only its last part differs.
func rename(key *lint.Node, name, wanted string) (lint.Edit, bool) {
	before, _ := cutLast(name, ".")
	scope, last := cutLast(wanted, ".")
	text := string(key.File.Src[key.Start:key.End])
	if scope != before || strings.ContainsAny(text, `'"`) {
		return lint.Edit{}, false
	}
	head, _ := cutLast(text, ".")
	if head != "" {
		head += "."
	}
	return lint.Edit{File: key.File, Start: key.Start, End: key.End, New: head + last}, true
}

// nested says whether a scope stands inside of another one, which FG523 speaks of.
func nested(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) > 2 && slices.Contains(append([]string{"process", "params", "docker"}, judged...), parts[1]) && parts[0] != parts[1]
}
