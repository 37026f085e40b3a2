package rules

import "github.com/fusiongen/fusiongen/lint"

var sidecarInjection = lint.Rule{
	ID: "FG319", Slug: "sidecar-injection", Severity: lint.Warning, Since: "0.1",
	Summary: "a service mesh puts sidecars into the task pods",
	Check:   checkSidecarInjection,
}

// injectors are the labels and annotations of a namespace by which a service mesh changes its pods.
var injectors = [...]struct{ field, key, value string }{
	{"labels", "istio-injection", "enabled"},
	{"labels", "istio.io/rev", ""},
	{"labels", "linkerd.io/inject", "enabled"},
	{"annotations", "linkerd.io/inject", "enabled"},
	{"labels", "kuma.io/sidecar-injection", "enabled"},
	{"labels", "appmesh.k8s.aws/sidecarInjectorWebhook", "enabled"},
}

func checkSidecarInjection(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, ns := range t.namespaces() {
			for _, x := range injectors {
				n := ns.Get("metadata", x.field, x.key)
				if n == nil || x.value != "" && n.Text() != x.value || t.optsOut() {
					continue
				}
				report.At(n, "remove it, or switch the injection off for task pods with a label or annotation in k8s.pod",
					"%s puts a sidecar into every pod of %s: a task's pod never completes while the sidecar runs, and Nextflow, which reads the first container's state, can take the sidecar for the task", x.key, ns.Name)
			}
		}
	}
}

// optsOut says whether the task pods carry a label or annotation that keeps sidecars away.
func (t task) optsOut() bool {
	for _, o := range t.Options {
		key, value := o.Get("label").Text()+o.Get("annotation").Text(), o.Get("value").Text()
		if (key == "sidecar.istio.io/inject" || key == "kuma.io/sidecar-injection") && (value == "false" || value == "disabled") || key == "linkerd.io/inject" && value == "disabled" {
			return true
		}
	}
	return false
}
