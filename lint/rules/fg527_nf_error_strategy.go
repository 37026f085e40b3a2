package rules

import (
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nfErrorStrategy = lint.Rule{
	ID: "FG527", Slug: "nf-error-strategy", Severity: lint.Hint, Since: "0.1",
	Summary: "errorStrategy does not retry the exit codes of a lost node or a failed upload",
	Check:   checkErrorStrategy,
}

var exitNumbers = regex.Lazy(`\b(\d{1,3})(?:\s*\.\.\s*(\d{1,3}))?\b`)

// checkErrorStrategy reads closures that choose by exit status; whoever writes one means to retry some.
func checkErrorStrategy(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		if _, on := t.fusion(); !on {
			continue
		}
		for _, s := range t.directives("errorStrategy") {
			text := s.Value.Value
			if s.Selector != "" || !strings.Contains(text, "exitStatus") || !strings.Contains(text, "retry") {
				continue
			}
			var lacks []string
			for code, what := range map[int]string{143: "143 (the node is taken away)", 174: "174 (Fusion could not write)"} {
				if !covers(text, code) {
					lacks = append(lacks, what)
				}
			}
			if len(lacks) == 2 {
				lacks = []string{"143 (the node is taken away) and 174 (Fusion could not write)"}
			}
			if len(lacks) > 0 {
				report.At(s.Value, "add them: task.exitStatus in [143, 174] ? 'retry' : …", "errorStrategy does not retry %s: a run ends although a second try would do", lacks[0])
			}
		}
	}
}

func covers(text string, code int) bool {
	for _, m := range exitNumbers().FindAllStringSubmatch(text, -1) {
		from, _ := strconv.Atoi(m[1])
		to := from
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2])
		}
		if from <= code && code <= to {
			return true
		}
	}
	return !exitNumbers().MatchString(text) // an unknown list
}
