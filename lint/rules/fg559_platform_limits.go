package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var platformLimits = lint.Rule{
	ID: "FG559", Slug: "platform-limits", Severity: lint.Warning, Since: "0.1",
	Summary: "a compute environment passes a limit of Platform, or places head and tasks apart",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, e := range computeEnvs(set) {
			checkScripts(e, report)
			checkLabels(e, report)
			checkPlugins(e, report)
			checkHeadSpec(e, report)
		}
	},
}

func checkScripts(e computeEnv, report *lint.Reporter) {
	for _, field := range []string{"preRunScript", "postRunScript"} {
		if n := e.get(field); n.Known() && len(n.Value) > facts.MaxScript {
			report.At(n, "put it into the head's image and call it", "the script has %d bytes, and Platform Cloud takes %d", len(n.Value), facts.MaxScript)
		}
	}
}

var resourceLabel = regex.Lazy(`^[A-Za-z0-9]([A-Za-z0-9]|[-_][A-Za-z0-9]){1,38}$`)

func checkLabels(e computeEnv, report *lint.Reporter) {
	labels := e.get("labels").List()
	if len(labels) > facts.MaxLabels {
		report.At(e.get("labels"), "leave some out", "these are %d labels, and Platform takes %d", len(labels), facts.MaxLabels)
	}
	for _, l := range labels {
		for _, n := range []*lint.Node{l.Get("name"), l.Get("value")} {
			if n.Known() && (!resourceLabel().MatchString(n.Value) || len(n.Value) > 39) {
				report.At(n, "use 2 to 39 letters and digits, with single hyphens or underscores between them", "Platform refuses %q in a label", n.Value)
			}
		}
	}
}

func checkPlugins(e computeEnv, report *lint.Reporter) {
	v := e.get("environment").Find("name", "NXF_PLUGINS_DEFAULT").Get("value")
	if v.Known() && v.Value != "true" && !(strings.Contains(v.Value, "nf-k8s") && strings.Contains(v.Value, "nf-amazon")) {
		report.At(v, "name nf-k8s and nf-amazon, too", "this list replaces the plugins that Nextflow would load, and without nf-k8s and nf-amazon there is no executor for Kubernetes, or no S3")
	}
}

// checkHeadSpec: the head is placed by headPodSpec, tasks by k8s.pod.
func checkHeadSpec(e computeEnv, report *lint.Reporter) {
	spec := e.get("headPodSpec")
	if spec.Known() && spec.Value != "" && !strings.HasPrefix(strings.TrimLeft(spec.Value, " \n"), "spec:") {
		report.At(spec, "begin it with spec:", "Platform reads the head's pod from below spec:, and there is none")
		return
	}
	config := e.config()
	if config == nil || spec.Unknown() {
		return
	}
	pod, _ := e.option("k8s.pod")
	head, tasks := placements(spec.Text()), placements(pod)
	switch {
	case len(head) > 0 && len(tasks) == 0:
		report.At(spec, "add the same to k8s.pod of "+e.name("nextflowConfig"), "the head is placed by %s and the tasks by nothing, so that they may run on nodes that are not meant for them", english(head))
	case len(tasks) > 0 && len(head) == 0:
		report.At(e.get("nextflowConfig"), "add the same to "+e.name("headPodSpec"), "the tasks are placed by %s and the head by nothing, so that it may run on nodes that end under it", english(tasks))
	}
}

// placements are the ways of placing a pod that a text names.
func placements(text string) []string {
	var out []string
	for _, way := range []string{"nodeSelector", "toleration", "affinity"} {
		if strings.Contains(text, way) {
			out = append(out, way)
		}
	}
	return out
}
