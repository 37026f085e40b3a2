package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var platformForms = lint.Rule{
	ID: "FG561", Slug: "platform-forms", Severity: lint.Error, Since: "0.1",
	Summary: "the forms of one compute environment differ, or one lacks what every environment needs",
	Check:   checkForms,
}

// neededFields are those without which no environment on Amazon EKS works as a run of the set-up: Platform refuses it without the first
// three, and launches with the namespace's default account without the last.
var neededFields = []string{"region", "clusterName", "workDir", "headServiceAccount"}

func checkForms(set *lint.Setup, report *lint.Reporter) {
	for _, d := range set.Data {
		checkWrapper(set, d, report)
	}
	all := computeEnvs(set)
	for _, e := range all {
		if e.platform != "eks-platform" {
			continue
		}
		for _, field := range neededFields {
			if e.get(field) == nil && (field != "headServiceAccount" || len(launchers(set)) > 0) {
				report.At(e.at(field), "write "+e.name(field), "the environment has no %s: Platform refuses it, or launches as an account that may do nothing", e.name(field))
			}
		}
	}
	for i, e := range all {
		for _, other := range all[:i] {
			if e.platform == "eks-platform" && other.platform == e.platform && e.block.File != other.block.File && oneEnvironment(e, other) {
				compareForms(other, e, report)
				compareNames(set, other, e, report)
			}
		}
	}
}

// oneEnvironment says whether two forms describe the same environment: they lie side by side and name one namespace or cluster.
func oneEnvironment(a, b computeEnv) bool {
	same := func(field string) bool { return a.get(field).Known() && a.get(field).Text() == b.get(field).Text() }
	return path.Dir(a.block.File.Name) == path.Dir(b.block.File.Name) && (same("namespace") && same("workDir") || same("namespace") && same("clusterName") || same("clusterName") && same("workDir"))
}

func compareForms(a, b computeEnv, report *lint.Reporter) {
	for _, f := range facts.EnvFields() {
		x, y := a.get(f.Name), b.get(f.Name)
		if x.Unknown() || y.Unknown() || b.terraform && f.Terraform == "" || a.terraform && f.Terraform == "" || f.Name == "labels" || f.Name == "discriminator" || equalValues(x, y) {
			continue
		}
		report.At(b.at(f.Name), "make both say the same; of a generated tree, build it again", "two forms of one environment say different things of %s: which of the two Platform gets, depends on who makes it", b.name(f.Name)).
			See(a.at(f.Name), "the other form")
	}
}

// template is how Terraform writes what would begin a template.
var template = strings.NewReplacer("$${", "${", "%%{", "%{")

// equalValues compares values without regard to the order of entries.
func equalValues(a, b *lint.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Unknown() || b.Unknown() {
		return true
	}
	if a.Kind != b.Kind || template.Replace(a.Value) != template.Replace(b.Value) || len(a.Fields) != len(b.Fields) || len(a.Items) != len(b.Items) {
		return false
	}
	for _, f := range a.Fields {
		if !equalValues(f.Value, b.Get(f.Key.Value)) {
			return false
		}
	}
	for i := range a.Items {
		if !equalValues(a.Items[i], b.Items[i]) {
			return false
		}
	}
	return true
}
