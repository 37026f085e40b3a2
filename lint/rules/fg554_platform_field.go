package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var platformField = lint.Rule{
	ID: "FG554", Slug: "platform-unknown-field", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment has a field that Platform does not know, or of another type",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			checkEnvFields(e, report)
		}
		for _, d := range set.Data {
			for _, e := range d.Get("compute-envs").List() {
				checkKitEntry(e, report)
			}
		}
	},
}

func checkEnvFields(e computeEnv, report *lint.Reporter) {
	if e.platform == "k8s-platform" {
		for _, field := range []string{"fusion2Enabled", "waveEnabled"} {
			if f := e.block.Field(e.name(field)); f != nil {
				report.At(f.Key, "make it an environment for Amazon EKS (eks-platform)", "an environment of the type k8s-platform has no %s, and drops it without a word: it runs without Fusion", f.Key.Value)
			}
		}
		return
	}
	if e.imported && e.block.Get("discriminator") == nil {
		report.At(e.block.Fields[0].Key, "add \"discriminator\": \"eks-platform\"", "tw compute-envs import reads the kind of environment from the discriminator, and there is none")
	}
	if d := e.block.Get("discriminator"); e.imported && d.Known() && d.Value != "eks-platform" && strings.HasPrefix(d.Value, "eks") {
		report.At(d, "write eks-platform", "there is no kind of environment %q", d.Value).Safe(replace(d, "eks-platform")...)
	}
	known := map[string]string{}
	for _, f := range facts.EnvFields() {
		if name := e.name(f.Name); name != "" {
			known[name] = f.Type
		}
	}
	for _, f := range e.block.Fields {
		kind, ok := known[f.Key.Value]
		if !ok {
			unknownField(e, f, known, report)
			continue
		}
		checkFieldType(f, kind, report)
	}
	if c := e.get("podCleanup"); c.Known() && !slices.Contains(facts.PodCleanups(), c.Value) {
		f := report.At(c, "write one of "+english(facts.PodCleanups()), "Platform knows no podCleanup %q", c.Value)
		if lower := strings.ToLower(c.Value); slices.Contains(facts.PodCleanups(), lower) {
			f.Safe(replace(c, lower)...)
		}
	}
}

// meantFields are names that people write for others.
var meantFields = map[string]string{"fusionEnabled": "fusion2Enabled", "fusion": "fusion2Enabled", "wave": "waveEnabled", "serviceAccount": "headServiceAccount", "headJobMemory": "headJobMemoryMb", "headCpus": "headJobCpus", "cluster": "clusterName"}

func unknownField(e computeEnv, f lint.Field, known map[string]string, report *lint.Reporter) {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	meant := e.name(meantFields[f.Key.Value])
	if meant == "" {
		meant = schema.Suggest(f.Key.Value, names)
	}
	effect := "Platform refuses the environment"
	if e.imported {
		effect = "tw compute-envs import drops it without a word"
	}
	hint := "leave it out"
	if meant != "" {
		hint = "write " + meant
	}
	found := report.At(f.Key, hint, "a compute environment on Amazon EKS has no field %s: %s", f.Key.Value, effect)
	if meant != "" && e.block.Get(meant) == nil {
		found.Unsafe(replace(f.Key, meant)...)
	}
}

func checkFieldType(f lint.Field, kind string, report *lint.Reporter) {
	want, ok := map[string]lint.Kind{"string": lint.String, "boolean": lint.Bool, "integer": lint.Number, "list": lint.List}[kind]
	if !ok || f.Value == nil || f.Value.Kind == want || f.Value.Kind == lint.Null || f.Value.Unknown() {
		return
	}
	article := map[bool]string{true: "an ", false: "a "}[kind == "integer"]
	found := report.At(f.Value, "write "+article+kind, "%s is %s for Platform, and this is none", f.Key.Value, article+kind)
	if kind == "boolean" && (f.Value.Value == "true" || f.Value.Value == "false") && exact(f.Value) {
		found.Safe(lint.Edit{File: f.Value.File, Start: f.Value.Start, End: f.Value.End, New: f.Value.Value})
	}
}

// kitOptions are keys of seqerakit that become options of tw compute-envs add eks, which that command does not have.
var kitOptions = []string{"fusion-v2", "fusion", "wave", "fast-storage", "head-job-cpus", "head-job-memory"}

// checkKitEntry: with type eks every key becomes an option of the command; a file with .json is imported.
func checkKitEntry(e *lint.Node, report *lint.Reporter) {
	if e.Get("type").Text() != "eks" {
		return
	}
	for _, name := range kitOptions {
		if f := e.Field(name); f != nil {
			report.At(f.Key, "put the environment into a JSON file and name it with file-path", "tw compute-envs add eks has no option --%s: the command ends with \"Unknown options\"", name)
		}
	}
}
