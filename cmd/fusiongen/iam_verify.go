package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/gen/account"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
)

var iamVerifyCommand = command{
	name: "iam verify", args: "SPEC", summary: "compare the live roles with the spec, reading only",
	example: `AWS_PROFILE=research fusiongen iam verify spec.cue
fusiongen iam verify --format sarif spec.cue > iam.sarif
fusiongen explain FG803`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		t := live(c, fs)
		format := fs.String("format", "text", "how findings are written: `FORMAT` is "+strings.Join(report.Formats(), ", "))
		pedantic := fs.Bool("pedantic", false, "show hints, too")
		return func(ctx context.Context, args []string) error {
			if !slices.Contains(report.Formats(), *format) {
				return usageError{fmt.Sprintf("there is no format %q; there are %s", *format, strings.Join(report.Formats(), ", "))}
			}
			if err := t.open(ctx, args); err != nil {
				return err
			}
			problems, err := t.account.Verify(ctx, t.ws)
			if err != nil {
				return err
			}
			return t.reportProblems(problems, *format, *pedantic)
		}
	},
}

// reportProblems writes what verify found as the linter writes its findings.
func (t *liveCommand) reportProblems(problems []account.Problem, format string, pedantic bool) error {
	var shown []lint.Finding
	hidden := 0
	for _, p := range problems {
		f := t.finding(p)
		if f.Severity == lint.Hint && !pedantic {
			hidden++
			continue
		}
		shown = append(shown, f)
	}
	if err := report.Write(t.out, format, report.Report{Findings: shown, Rules: rules.Live(), Version: t.version}); err != nil {
		return err
	}
	if hidden > 0 {
		t.note(plural(hidden, "hint") + " not shown; --pedantic shows them")
	}
	if len(shown) > 0 {
		return findings{summary(shown)}
	}
	return nil
}

// finding is a problem as a finding at the spec's line.
func (t *liveCommand) finding(p account.Problem) lint.Finding {
	pos := t.ws.Source.Pos(p.Path)
	f := lint.Finding{Rule: p.Rule, Span: lint.Span{Pos: pos, End: pos}, Message: p.Message, Hint: p.Hint, Key: p.Subject}
	for _, r := range rules.Live() {
		if r.ID == p.Rule {
			f.Slug, f.Severity = r.Slug, r.Severity
		}
	}
	if p.Mild {
		f.Severity = lint.Hint
	}
	return f
}
