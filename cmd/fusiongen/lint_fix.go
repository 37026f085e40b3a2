package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/baseline"
)

// mend makes the fixes, or shows them, and reports what remains.
func (l *linter) mend(ctx context.Context, in lint.Input, selected []lint.Rule, opts lint.Options) error {
	fixed, left, err := lint.FixAll(in, selected, opts, l.unsafe, l.shown)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if l.diff {
		return l.showFixes(fixed, left)
	}
	for _, f := range fixed {
		target, err := filepath.EvalSymlinks(filepath.FromSlash(f.Name)) // the file behind a link is changed, not the link
		if err == nil {
			err = replace(target, f.New)
		}
		if err != nil {
			return err
		}
		l.note(fmt.Sprintf("mended %s: %s", f.Name, plural(f.Fixes, "fix")))
	}
	return l.report(left, selected)
}

// showFixes prints a diff that patch and git apply take.
func (l *linter) showFixes(fixed []lint.Fixed, left []lint.Finding) error {
	for _, f := range fixed {
		text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
			A: diffLines(f.Old), B: diffLines(f.New), FromFile: path.Join("a", f.Name), ToFile: path.Join("b", f.Name), Context: 3,
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(l.out, text); err != nil {
			return err
		}
	}
	switch {
	case l.exitZero || len(fixed) == 0 && len(left) == 0:
		return nil
	case len(left) == 0:
		return findings{"this would mend everything"}
	}
	return findings{"this would leave " + summary(left)}
}

// diffLines splits a text into lines as patch and git read them.
func diffLines(text []byte) []string {
	lines := strings.SplitAfter(string(text), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += "\n\\ No newline at end of file\n"
	}
	return lines
}

// accept writes the baseline.
func (l *linter) accept(found []lint.Finding) error {
	b := baseline.Of(l.settings.Shown(found))
	if err := os.WriteFile(l.settings.Baseline, b.Bytes(), 0o644); err != nil {
		return err
	}
	l.note(fmt.Sprintf("%s accepts %s", l.settings.Baseline, plural(len(b.Findings), "finding")))
	return nil
}
