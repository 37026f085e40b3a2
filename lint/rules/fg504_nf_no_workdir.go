package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nfNoWorkdir = lint.Rule{
	ID: "FG504", Slug: "nf-no-workdir", Severity: lint.Error, Since: "0.1",
	Summary: "neither the configuration nor the head's command line says where the work directory is",
	Check:   checkNoWorkdir,
}

func checkNoWorkdir(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if _, on := t.fusion(); !on || !t.whole() || set.Platform() || t.Get("workDir") != nil || t.elsewhere("workDir") {
			continue
		}
		if slices.ContainsFunc(computeEnvs(set), func(e computeEnv) bool { return e.get("workDir") != nil }) {
			continue // Seqera Platform gives it to each run
		}
		heads := t.heads()
		if slices.ContainsFunc(heads, func(h head) bool { return h.workdir() || h.env("NXF_WORK") != nil || h.open() }) {
			continue
		}
		f := report.At(t.Begin("k8s"), "add workDir = 's3://BUCKET/PREFIX'", "no work directory is given: Nextflow takes the local directory work, and Fusion refuses it (\"Unexpected path for Fusion script launcher\")")
		if len(heads) == 0 {
			f.As(lint.Hint) // it may be typed with each run
		}
	}
}

// workdir says whether the head's command line gives -w or -work-dir.
func (h head) workdir() bool {
	return slices.ContainsFunc(arguments(h.Container), func(n *lint.Node) bool {
		return n.Value == "-w" || n.Value == "-work-dir" || n.Unknown() || workdirFlag().MatchString(n.Value)
	})
}

// elsewhere says whether a profile other than the view's own sets an option: two profiles can be given together.
func (t task) elsewhere(name string) bool {
	return slices.ContainsFunc(t.Settings(), func(s lint.Setting) bool {
		return s.Setting.Name == name && s.Profile != "" && s.Profile != t.Profile && s.Selector == ""
	})
}

// workdirFlag finds the flag in a shell's command line.
var workdirFlag = regex.Lazy(`\s-(?:w|work-dir)\s`)
