package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var kueueQueue = lint.Rule{
	ID: "FG710", Slug: "kueue-queue", Severity: lint.Error, Since: "0.1",
	Summary: "tasks name a Kueue queue that is not in their namespace",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			queue := t.queue()
			if !queue.Known() || t.namespace() == "" {
				continue
			}
			var names []string
			for _, o := range inNamespace(set, "LocalQueue", t.namespace()) {
				names = append(names, o.Name)
			}
			if slices.Contains(names, queue.Value) || len(set.Kind("LocalQueue")) == 0 {
				continue
			}
			f := report.At(queue, "name a LocalQueue of this namespace", "no LocalQueue %s/%s is here: Kueue holds every task back for ever", t.namespace(), queue.Value)
			if near := typo(queue.Value, names); near != "" {
				f.Hint = "did you mean " + near + "?"
				f.Unsafe(lint.Replace(queue, near))
			}
		}
	},
}
