package main

import (
	"os"
	"slices"
	"time"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/report"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

// lintTree checks what was generated before anybody gets it. An error in it ends the build, at the line of the spec that it comes
// from; with warn, warnings are told, too. With env, the other environments are left out.
func (c *cli) lintTree(tree *gen.Tree, spec, env string, ws *schema.Workspace, warn bool) error {
	var file *lint.File
	if spec != "-" {
		src, err := c.read(spec)
		if err != nil {
			return err
		}
		file = lint.NewFile(spec, src)
	}
	all := rules.All()
	found, err := c.lintGenerated(tree, file, env, ws, all, lint.Options{Today: time.Now().Format(time.DateOnly)})
	if err != nil {
		return err
	}
	least, wrong := lint.Error, false
	if warn {
		least = lint.Warning
	}
	var shown []lint.Finding
	for _, f := range found {
		if f.Severity >= least {
			shown = append(shown, f)
		}
		wrong = wrong || f.Severity == lint.Error
	}
	if err := report.Write(c.err, "text", report.Report{Findings: shown, Rules: all, Version: c.version}); err != nil || !wrong {
		return err
	}
	return findings{"the spec asks for what cannot run, so nothing is written: " + summary(shown)}
}

// promised lints what a spec would be built into. Whether path is a spec that can be built, ok says; what is wrong with one
// that cannot is the linter's own finding.
func (l *linter) promised(path string, selected []lint.Rule, opts lint.Options) (found []lint.Finding, ok bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, false, nil // the linter says what it is
	}
	src, err := l.cli.read(path)
	if err != nil || !lint.LooksLikeSpec(src) {
		return nil, false, err
	}
	ws, err := schema.Load(path, src)
	if err != nil {
		return nil, false, nil
	}
	tree, _, err := l.tree(path, "", ws)
	if err != nil {
		return nil, false, err
	}
	found, err = l.cli.lintGenerated(tree, lint.NewFile(path, src), "", ws, selected, opts)
	return found, true, err
}

// lintGenerated lints a tree in memory. Of several environments each is linted as the only one, so that the time grows with their
// number and not with its square; what they share is reported once.
func (c *cli) lintGenerated(tree *gen.Tree, file *lint.File, env string, ws *schema.Workspace, selected []lint.Rule, opts lint.Options) ([]lint.Finding, error) {
	envs := slices.DeleteFunc(slices.Clone(ws.Environments), func(e schema.Environment) bool { return env != "" && e.Name != env })
	if len(envs) == 0 {
		return lint.Run(generated(tree, file), selected, opts)
	}
	var all, unused []lint.Finding
	for part, err := range tree.Parts(envs...) {
		if err != nil {
			return nil, err
		}
		found, err := lint.Run(generated(part, file), selected, opts)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f.Rule == "FG902" { // a comment that silences nothing here may do so in another environment
				unused = append(unused, f)
			} else {
				all = append(all, f)
			}
		}
	}
	for _, f := range lint.Unique(slices.Clone(unused)) {
		same := func(o lint.Finding) bool { return o.Pos == f.Pos && o.Message == f.Message }
		if n := len(unused) - len(slices.DeleteFunc(slices.Clone(unused), same)); n == len(envs) {
			all = append(all, f)
		}
	}
	return lint.Unique(all), nil
}

// generated is a tree in memory as the linter's input.
func generated(tree *gen.Tree, spec *lint.File) lint.Input {
	return lint.Input{Tree: lint.FromFS(tree.MapFS()), Paths: []string{"."}, Spec: spec}
}
