package rules

import "github.com/fusiongen/fusiongen/lint"

var kustomizeSort = lint.Rule{
	ID: "FG604", Slug: "kustomize-sort", Severity: lint.Hint, Since: "0.1",
	Summary: "a kustomization sets sortOptions, which kubectl apply -k overrides",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, k := range set.Kustomizations {
			if f := k.Node.Field("sortOptions"); f != nil {
				report.At(f.Key, "remove it, and list the resources in the order that you want", "kubectl apply -k sorts in its own way and warns about sortOptions; other renderers follow it, so the same tree renders in two orders").
					Safe(lint.RemoveField(f))
			}
		}
	},
}
