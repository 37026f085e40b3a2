package rules

import "github.com/fusiongen/fusiongen/lint"

var nodeNeverEnds = lint.Rule{
	ID: "FG706", Slug: "node-never-ends", Severity: lint.Error, Since: "0.1",
	Summary: "nodes expire, tasks forbid their disruption, and nothing bounds the wait",
	Check:   checkNodeNeverEnds,
}

func checkNodeNeverEnds(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		keep := t.annotation("karpenter.sh/do-not-disrupt")
		if keep == nil {
			continue
		}
		for _, p := range pools(set) {
			expire := p.spec().Get("expireAfter")
			if p.auto() || expire.Text() == "Never" || expire.Unknown() || p.spec().Get("terminationGracePeriod") != nil || !t.fits(p) {
				continue
			}
			at := expire
			if at == nil {
				at = p.NameNode()
			}
			report.At(at, "add terminationGracePeriod, longer than the longest task", "nodes of the pool %s expire (after 720h where nothing is said) while tasks forbid their disruption: an expired node takes no pods, waits for its tasks without end, and is paid for", p.Name).
				See(keep, "forbids it")
		}
	}
}

// annotation is the value of an annotation that the task pods get, or nil.
func (t task) annotation(key string) *lint.Node {
	for _, o := range t.Options {
		if o.Get("annotation").Text() == key {
			return o.Get("value")
		}
	}
	return nil
}
