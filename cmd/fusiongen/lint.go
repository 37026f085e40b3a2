package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/baseline"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/lint/settings"
)

var lintCommand = command{
	name: "lint", args: "[PATH…]", summary: "find what disagrees across manifests, IAM documents and configurations",
	example: `fusiongen lint                              # everything below the current directory
fusiongen lint deploy docs/setup.md         # each argument by itself
fusiongen lint --with ../cluster deploy     # a workspace whose node part is elsewhere
fusiongen lint --fix deploy
kubectl get role,rolebinding,sa -o yaml | fusiongen lint -
fusiongen lint --format sarif > lint.sarif`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		l := linter{cli: c}
		fs.StringVar(&l.format, "format", "text", "how findings are written: `FORMAT` is "+strings.Join(report.Formats(), ", "))
		fs.StringVar(&l.given.MinSeverity, "min-severity", "", "the mildest that is shown: `SEVERITY` is hint, warning (default) or error")
		fs.BoolVar(&l.pedantic, "pedantic", false, "show hints, too")
		fs.Var(list{&l.given.Select}, "select", "only these `RULES`: IDs, slugs, FG2*, separated by commas")
		fs.Var(list{&l.given.Ignore}, "ignore", "not these `RULES`")
		fs.Var(mapping{&l.given.Severity}, "severity", "`RULE=SEVERITY`, several separated by commas")
		fs.Var(list{&l.given.Exclude}, "exclude", "leave out paths that match `PATTERNS`; ** stands for any directories")
		fs.Var(list{&l.given.Beside}, "with", "`DIRS` that hold more of the world: joined, not reported")
		fs.StringVar(&l.given.NextflowVersion, "nextflow-version", "", "the Nextflow `VERSION` that runs the configurations")
		fs.StringVar(&l.given.KubernetesVersion, "kubernetes-version", "", "the `VERSION` of the cluster")
		fs.StringVar(&l.given.Baseline, "baseline", "", "`FILE` of accepted findings, which are not shown")
		fs.BoolVar(&l.writeBaseline, "write-baseline", false, "accept all findings: write them into the baseline")
		fs.StringVar(&l.config, "config", "", "settings `FILE` (default "+settings.File+" where it is there)")
		fs.StringVar(&l.stdinName, "stdin-filename", "", "`NAME` of what - reads, for its form and for findings")
		fs.BoolVar(&l.fix, "fix", false, "mend what can be mended without changing what a run does")
		fs.BoolVar(&l.unsafe, "unsafe", false, "with --fix or --diff: mend, too, what may change what a run does")
		fs.BoolVar(&l.diff, "diff", false, "print what --fix would change, and change nothing")
		fs.BoolVar(&l.exitZero, "exit-zero", false, "exit 0 whatever is found")
		return l.run
	},
}

type linter struct {
	*cli
	given             settings.Settings // by flags
	format, config    string
	stdinName         string
	pedantic          bool
	fix, unsafe, diff bool
	writeBaseline     bool
	exitZero          bool

	settings settings.Settings // of the file and the flags
	accepted baseline.Baseline
	stale    int // entries of the baseline that are of nothing any more
}

// findings are why a run ends with 1; they have been written.
type findings struct{ summary string }

func (f findings) Error() string { return f.summary }

func (l *linter) run(ctx context.Context, args []string) error {
	if err := l.prepare(args); err != nil {
		return err
	}
	debug.SetGCPercent(200) // a short life: collecting less often costs memory that is given back soon
	debug.SetMemoryLimit(200 << 20)
	selected, err := l.settings.Rules(rules.All())
	if err != nil {
		return usageError{err.Error()}
	}
	in, err := l.input(args)
	if err != nil {
		return err
	}
	opts := l.settings.Options(time.Now().Format(time.DateOnly))
	if l.fix || l.diff {
		return l.mend(ctx, in, selected, opts)
	}
	var found []lint.Finding
	in.Paths = slices.DeleteFunc(in.Paths, func(path string) bool {
		more, ok, wrong := l.promised(path, selected, opts)
		found, err = append(found, more...), errors.Join(err, wrong)
		return ok
	})
	if err != nil {
		return err
	}
	rest, err := lint.Run(in, selected, opts)
	if err != nil || ctx.Err() != nil {
		return err
	}
	found = append(found, rest...)
	if l.writeBaseline {
		return l.accept(found)
	}
	return l.report(l.shown(found), selected)
}

// prepare reads the settings and checks the call.
func (l *linter) prepare(args []string) error {
	if err := l.read(); err != nil {
		return err
	}
	if l.pedantic {
		l.settings.MinSeverity = "hint"
	}
	switch {
	case !slices.Contains(report.Formats(), l.format):
		return usageError{fmt.Sprintf("there is no format %q; there are %s", l.format, strings.Join(report.Formats(), ", "))}
	case l.unsafe && !l.fix && !l.diff:
		return usageError{"--unsafe goes with --fix or --diff"}
	case l.writeBaseline && l.settings.Baseline == "":
		return usageError{"--write-baseline needs --baseline FILE"}
	case l.fix && !l.diff && slices.Contains(args, "-"):
		return usageError{"standard input cannot be changed; --diff shows what would be"}
	}
	if err := l.settings.Check(); err != nil {
		return usageError{err.Error()}
	}
	if l.settings.Baseline == "" || l.writeBaseline {
		return nil
	}
	src, err := os.ReadFile(l.settings.Baseline)
	if err != nil {
		return err
	}
	if l.accepted, err = baseline.Parse(src); err != nil {
		return usageError{fmt.Sprintf("%s: %v", l.settings.Baseline, err)}
	}
	return nil
}

// read joins the settings file with the flags; a flag wins, but exclusions and ignored rules add up.
func (l *linter) read() error {
	name := l.config
	if name == "" {
		name = settings.File
	}
	src, err := os.ReadFile(name)
	if err != nil && (l.config != "" || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	file, err := settings.Parse(name, src)
	if err != nil {
		return err
	}
	l.settings = file.With(l.given)
	return nil
}

// input is what the arguments name; without any, the working directory.
func (l *linter) input(args []string) (lint.Input, error) {
	in := lint.Input{Tree: lint.Disk{}, With: l.settings.Beside, Exclude: l.settings.Excluded}
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		if arg != "-" {
			in.Paths = append(in.Paths, arg)
			continue
		}
		src, err := io.ReadAll(l.in)
		if err != nil {
			return in, err
		}
		name := l.stdinName
		if name == "" {
			name = "-"
		}
		in.Stdin = append(in.Stdin, lint.NewFile(name, src))
	}
	return in, nil
}

// shown are the findings that a person asked for.
func (l *linter) shown(found []lint.Finding) []lint.Finding {
	left, stale := l.accepted.New(l.settings.Shown(found))
	l.stale = stale
	return left
}

// report writes the findings, and the summary where it is no data.
func (l *linter) report(shown []lint.Finding, ran []lint.Rule) error {
	if err := report.Write(l.out, l.format, report.Report{Findings: shown, Rules: ran, Version: l.version}); err != nil {
		return err
	}
	if l.stale > 0 {
		l.note(fmt.Sprintf("%d findings of the baseline are mended; --write-baseline forgets them", l.stale))
	}
	if len(shown) == 0 || l.exitZero {
		return nil
	}
	return findings{summary(shown)}
}

func summary(shown []lint.Finding) string {
	var count [lint.Error + 1]int
	files := map[string]bool{}
	for _, f := range shown {
		count[f.Severity]++
		files[f.Pos.File] = true
	}
	var parts []string
	for s := lint.Error; s >= lint.Hint; s-- {
		if n := count[s]; n > 0 {
			parts = append(parts, plural(n, s.String()))
		}
	}
	return join(parts) + " in " + plural(len(files), "file")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "x") {
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
