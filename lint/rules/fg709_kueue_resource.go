package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var kueueResource = lint.Rule{
	ID: "FG709", Slug: "kueue-resource", Severity: lint.Error, Since: "0.1",
	Summary: "Kueue's queue does not cover the FUSE device, so it admits no task",
	Check:   checkKueueResource,
}

func checkKueueResource(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		name, at := t.device()
		queue := t.queue()
		if !t.unprivileged() || name == "" || queue == nil {
			continue
		}
		for _, o := range inNamespace(set, "LocalQueue", t.namespace()) {
			if o.Name != queue.Text() {
				continue
			}
			for _, q := range set.Named("ClusterQueue", "", o.Get("spec", "clusterQueue").Text()) {
				groups := q.Get("spec", "resourceGroups").List()
				covers := func(g *lint.Node) bool { return slices.Contains(g.Get("coveredResources").Texts(), name) }
				if len(groups) == 0 || slices.ContainsFunc(groups, covers) || kueueExcludes(set, name) {
					continue
				}
				report.At(groups[0].Get("coveredResources"), "cover "+name+" with a large quota, or exclude its prefix in Kueue's configuration (resources.excludeResourcePrefixes)",
					"the queue %s does not cover %s, which each task asks for: Kueue never admits a task", q.Name, name).See(at, "asked for here").See(queue, "the tasks' queue")
			}
		}
	}
}

// queue is the Kueue queue that the task pods name in a label, or nil.
func (t task) queue() *lint.Node {
	for _, o := range t.Options {
		if o.Get("label").Text() == "kueue.x-k8s.io/queue-name" {
			return o.Get("value")
		}
	}
	return nil
}

// kueueExcludes says whether Kueue's own configuration leaves a resource out of its reckoning.
func kueueExcludes(set *lint.Setup, name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return slices.ContainsFunc(set.Kind("ConfigMap", "Configuration"), func(o *lint.Object) bool {
		found := false
		o.Walk(func(_ string, n *lint.Node) {
			found = found || strings.Contains(n.Value, "excludeResourcePrefixes") && strings.Contains(n.Value, domain)
		})
		return found || slices.ContainsFunc(o.Get("resources", "excludeResourcePrefixes").Texts(), func(p string) bool { return strings.HasPrefix(name, p) }) ||
			o.Get("resources", "quotaCheckStrategy").Text() == "IgnoreUndeclared"
	})
}
