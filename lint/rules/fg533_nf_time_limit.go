package rules

import (
	"strconv"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nfTimeLimit = lint.Rule{
	ID: "FG533", Slug: "nf-time-limit", Severity: lint.Hint, Since: "0.1",
	Summary: "a short time limit, which includes pulling the image and uploading the outputs",
	Check:   checkTimeLimit,
}

// shortLimit, in minutes, is what pulling an image and uploading outputs alone can take.
const shortLimit = 10

var minutes = regex.Lazy(`^(\d+)\s*\.?\s*(s|sec|seconds?|m|min|minutes?)$`)

func checkTimeLimit(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, s := range t.directives("time") {
			m := minutes().FindStringSubmatch(s.Value.Text())
			if m == nil {
				continue
			}
			n, _ := strconv.Atoi(m[1])
			if m[2][0] == 's' {
				n /= 60
			}
			if n < shortLimit {
				report.At(s.Value, "give it ten minutes more", "on Kubernetes time becomes activeDeadlineSeconds, which counts pulling the image and uploading the outputs too: the pod is killed although its command was done in time")
			}
		}
	}
}
