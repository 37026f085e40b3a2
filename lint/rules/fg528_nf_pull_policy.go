package rules

import "github.com/fusiongen/fusiongen/lint"

var nfPullPolicy = lint.Rule{
	ID: "FG528", Slug: "nf-pull-policy", Severity: lint.Warning, Since: "0.1",
	Summary: "k8s.pullPolicy, a deprecated name that wins over k8s.imagePullPolicy",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			old, key, now := t.setting("k8s.pullPolicy"), t.Key("k8s.pullPolicy"), t.Get("k8s.imagePullPolicy")
			if old == nil {
				continue
			}
			if now != nil {
				report.At(key, "remove k8s.pullPolicy", "k8s.pullPolicy wins over k8s.imagePullPolicy, which has no effect").See(now, "without effect").Unsafe(t.RemoveSetting(*old))
				continue
			}
			f := report.At(key, "write k8s.imagePullPolicy", "k8s.pullPolicy is the deprecated name of k8s.imagePullPolicy: a later Nextflow may not read it").As(lint.Hint)
			if edit, ok := rename(key, "k8s.pullPolicy", "k8s.imagePullPolicy"); ok {
				f.Safe(edit)
			}
		}
	},
}
