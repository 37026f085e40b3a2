package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var headRefused = lint.Rule{
	ID: "FG609", Slug: "head-refused", Severity: lint.Error, Since: "0.1",
	Summary: "a workload of a run is one that the API server refuses",
	Check:   checkHeadRefused,
}

func checkHeadRefused(set *lint.Setup, report *lint.Reporter) {
	home, heads := homes(set), headPods(set)
	for _, o := range set.Kind("Pod", "Job", "CronJob", "Deployment", "StatefulSet", "DaemonSet") {
		lost := o.Kind == "DaemonSet" && len(o.PodSpec().Get("containers").List()) == 0 // what it was for, it does not say any more
		if !lost && (o.Kind == "DaemonSet" || !slices.Contains(heads, o) && !home[o.Namespace]) {
			continue
		}
		refuse := func(n *lint.Node, hint, why string) {
			if n == nil || n.File == nil {
				n = o.NameNode()
			}
			report.At(n, hint, "the API server refuses %s: %s", o.ID(), why)
		}
		if o.Get("metadata", "name") == nil && o.Get("metadata", "generateName") == nil {
			refuse(o.Get("metadata"), "write metadata.name or metadata.generateName", "it has no name")
		}
		spec := o.PodSpec()
		if spec == nil {
			refuse(o.Get("kind"), "write the pod template", "it describes no pod")
			continue
		}
		checkHeadPod(o, spec, refuse)
	}
}

func checkHeadPod(o *lint.Object, spec *lint.Node, refuse func(n *lint.Node, hint, why string)) {
	for _, r := range refusals(spec) {
		if !strings.HasPrefix(r.message, "no volume is called") { // FG607 reports it
			refuse(r.at, r.hint, r.message)
		}
	}
	for _, v := range spec.Get("volumes").List() {
		if m := v.Get("configMap"); m != nil && m.Get("name") == nil {
			refuse(v, "name the ConfigMap", "a volume of a ConfigMap does not name it")
		}
	}
	for _, c := range spec.Get("containers").List() {
		only := orNode(c.Get("securityContext", "runAsNonRoot"), spec.Get("securityContext", "runAsNonRoot"))
		user := orNode(c.Get("securityContext", "runAsUser"), spec.Get("securityContext", "runAsUser"))
		if only.IsTrue() && user == nil && nextflows(c) {
			refuse(only, "write runAsUser: 1000", "it must not run as root, and its image does where no user is given (the kubelet says so)")
		}
	}
	policy := spec.Get("restartPolicy")
	switch {
	case o.Kind != "Job" && o.Kind != "CronJob" || policy.Unknown() || policy.Text() == "Never" || policy.Text() == "OnFailure":
	case policy == nil:
		refuse(spec.Get("containers"), "write restartPolicy: Never", "a Job's pods have the restart policy Never or OnFailure, and the default is neither")
	default:
		refuse(policy, "write Never", "a Job's pods have the restart policy Never or OnFailure")
	}
}
