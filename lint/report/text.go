package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fusiongen/fusiongen/lint"
)

// widest is how much of a line is shown, in code points.
const widest = 160

// writeText shows each finding with its line, as a person reads it in a terminal.
func writeText(w io.Writer, r Report) error {
	out := bufio.NewWriter(w)
	for _, f := range r.Findings {
		fmt.Fprintf(out, "%s: %s: %s [%s %s]\n", f.Pos, f.Severity, f.Message, f.Rule, f.Slug)
		snippet(out, f)
		for _, rel := range f.Related {
			fmt.Fprintf(out, "  see %s: %s\n", rel.Pos, rel.Message)
		}
		if f.Hint != "" {
			fmt.Fprintf(out, "  hint: %s%s\n", f.Hint, fixable(f))
		}
	}
	return out.Flush()
}

func fixable(f lint.Finding) string {
	switch {
	case f.Fix == nil:
		return ""
	case f.Fix.Unsafe:
		return " (--fix --unsafe does)"
	}
	return " (--fix does)"
}

// snippet shows the line of a finding with its span underlined. Control characters would speak to the terminal.
func snippet(out io.Writer, f lint.Finding) {
	line, ok := f.Line()
	if !ok || f.Pos.Line == 0 || strings.TrimSpace(line) == "" {
		return
	}
	runes := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, line))
	from := max(0, min(f.Pos.Column-1, len(runes)))
	to := len(runes)
	if f.End.Line == f.Pos.Line {
		to = min(f.End.Column-1, len(runes))
	}
	cut := 0
	if from > widest-40 {
		cut = from - 20
	}
	end := min(len(runes), cut+widest)
	number := fmt.Sprint(f.Pos.Line)
	fmt.Fprintf(out, "  %s | %s\n  %s | %s%s\n", number, string(runes[cut:end]),
		strings.Repeat(" ", utf8.RuneCountInString(number)), strings.Repeat(" ", from-cut), strings.Repeat("^", max(1, min(to, end)-from)))
}
