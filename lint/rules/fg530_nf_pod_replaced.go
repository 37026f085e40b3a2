package rules

import "github.com/fusiongen/fusiongen/lint"

var nfPodReplaced = lint.Rule{
	ID: "FG530", Slug: "nf-pod-replaced", Severity: lint.Warning, Since: "0.1",
	Summary: "tolerations or a nodeSelector of a pod directive replace those of k8s.pod",
	Check:   checkPodReplaced,
}

func checkPodReplaced(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		base := map[string][]*lint.Node{}
		for _, o := range t.Options {
			for _, key := range [...]string{"toleration", "nodeSelector"} {
				if n := o.Get(key); n != nil && o.Setting == "k8s.pod" {
					base[key] = append(base[key], n)
				}
			}
		}
		for _, s := range t.directives("pod") {
			for key, lost := range base {
				var own []*lint.Node
				for _, n := range s.Value.OneOrMore() {
					if v := n.Get(key); v != nil {
						own = append(own, v)
					}
				}
				for _, n := range lost {
					if len(own) > 0 && !repeated(n, own, key) {
						report.At(own[0], "repeat the entry of k8s.pod in this directive", "a %s of the pod directive replaces those of k8s.pod, it does not add to them: these tasks run without it, on other nodes or on none", key).
							See(n, "replaced for these processes")
					}
				}
			}
		}
	}
}

// repeated says whether one of the nodes says all that n does.
func repeated(n *lint.Node, own []*lint.Node, key string) bool {
	for _, o := range own {
		if key == "toleration" && o.Get("key").Text() == n.Get("key").Text() {
			return true
		}
		if key == "nodeSelector" {
			all := true
			for _, l := range selectorOf(n) {
				found := false
				for _, m := range selectorOf(o) {
					found = found || m.Key == l.Key
				}
				all = all && found
			}
			if all {
				return true
			}
		}
	}
	return false
}
