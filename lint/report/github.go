package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// writeGitHub writes workflow commands, which GitHub shows beside the lines of a change.
func writeGitHub(w io.Writer, r Report) error {
	out := bufio.NewWriter(w)
	for _, f := range r.Findings {
		command := map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Hint: "notice"}[f.Severity]
		fmt.Fprintf(out, "::%s title=%s,file=%s,line=%d,endLine=%d", command, property(f.Rule+" "+f.Slug), property(f.Pos.File), f.Pos.Line, f.End.Line)
		if f.Pos.Line == f.End.Line { // columns of a span over lines are refused
			fmt.Fprintf(out, ",col=%d,endColumn=%d", f.Pos.Column, f.End.Column)
		}
		fmt.Fprintf(out, "::%s\n", commandData(f.Message+"\n"+f.Hint))
	}
	return out.Flush()
}

// commandData and property escape as the runner decodes.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
