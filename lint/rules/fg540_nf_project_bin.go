package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfProjectBin = lint.Rule{
	ID: "FG540", Slug: "nf-project-bin", Severity: lint.Warning, Since: "0.1",
	Summary: "scripts in the project's bin directory, which reach no task pod without Wave",
	Check:   checkProjectBin,
}

func checkProjectBin(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		_, fusion := t.fusion()
		if len(t.Scripts) == 0 || !fusion && !strings.HasPrefix(t.Get("workDir").Text(), "s3://") || t.wave() {
			continue
		}
		at := t.Get("process.executor")
		if at == nil {
			at = t.Begin("k8s")
		}
		report.At(at, "put the scripts into the image, into a module's templates/, or pass them to the process as an input",
			"bin/%s of this project is on the head's disk only: a task pod that calls it ends with \"command not found\", exit code 127", strings.Join(t.Scripts, ", bin/"))
	}
}

// wave says whether Wave may build the images of the tasks.
func (t task) wave() bool {
	n := t.Get("wave.enabled")
	return n.IsTrue() || n.Unknown() || n == nil && (!t.whole() || t.elsewhere("wave.enabled"))
}
