// Package settings reads .fusiongen.yaml, what a repository says to the linter. Every key is a flag of lint, too.
package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// File is the name that the linter looks for in its working directory.
const File = ".fusiongen.yaml"

// Settings are what a repository or a command line says.
type Settings struct {
	Exclude           []string          `yaml:"exclude"`            // patterns of paths that are not read
	Select            []string          `yaml:"select"`             // only these rules
	Ignore            []string          `yaml:"ignore"`             // not these rules
	Severity          map[string]string `yaml:"severity"`           // rule → error, warning or hint
	MinSeverity       string            `yaml:"min-severity"`       // the mildest that is shown; "" is warning
	NextflowVersion   string            `yaml:"nextflow-version"`   // that runs the configurations
	KubernetesVersion string            `yaml:"kubernetes-version"` // of the cluster
	Baseline          string            `yaml:"baseline"`           // file of accepted findings
	Beside            []string          `yaml:"with"`               // directories that hold more of the world
}

// Parse reads the text of a settings file. What is wrong in it is schema.Diagnostics.
func Parse(name string, src []byte) (Settings, error) {
	var s Settings
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	err := dec.Decode(&s)
	if err == nil || errors.Is(err, io.EOF) {
		return s, nil
	}
	var wrong *yaml.TypeError
	messages := []string{err.Error()}
	if errors.As(err, &wrong) {
		messages = wrong.Errors
	}
	var out schema.Diagnostics
	for _, m := range messages {
		out = append(out, diagnostic(name, m))
	}
	return s, out
}

var (
	atLine  = regex.Lazy(`^(?:yaml: )?line (\d+): `)
	unknown = regex.Lazy(`^field (\S+) not found in type`)
)

func diagnostic(name, message string) schema.Diagnostic {
	d := schema.Diagnostic{Pos: schema.Pos{File: name, Line: 1, Column: 1}}
	if m := atLine().FindStringSubmatch(message); m != nil {
		d.Pos.Line, _ = strconv.Atoi(m[1])
		message = strings.TrimPrefix(message, m[0])
	}
	d.Message = message
	if m := unknown().FindStringSubmatch(message); m != nil {
		d.Message = fmt.Sprintf("there is no setting %q", m[1])
		d.Hint = "the settings are " + strings.Join(keys, ", ")
		if meant := schema.Suggest(m[1], keys); meant != "" {
			d.Hint = fmt.Sprintf("did you mean %q?", meant)
		}
	}
	return d
}

var keys = []string{"exclude", "select", "ignore", "severity", "min-severity", "nextflow-version", "kubernetes-version", "baseline", "with"}

// With are the settings with what a command line says in their place; exclusions and ignored rules add up.
func (s Settings) With(flags Settings) Settings {
	s.Exclude = slices.Concat(s.Exclude, flags.Exclude)
	s.Ignore = slices.Concat(s.Ignore, flags.Ignore)
	if len(flags.Select) > 0 {
		s.Select = flags.Select
	}
	if len(flags.Beside) > 0 {
		s.Beside = flags.Beside
	}
	severity := maps.Clone(s.Severity)
	if severity == nil {
		severity = map[string]string{}
	}
	maps.Copy(severity, flags.Severity)
	s.Severity = severity
	s.MinSeverity = cmp.Or(flags.MinSeverity, s.MinSeverity)
	s.NextflowVersion = cmp.Or(flags.NextflowVersion, s.NextflowVersion)
	s.KubernetesVersion = cmp.Or(flags.KubernetesVersion, s.KubernetesVersion)
	s.Baseline = cmp.Or(flags.Baseline, s.Baseline)
	return s
}

// Rules are the rules that run, with the severities that the settings give them. A name that means no rule is an error.
func (s Settings) Rules(all []lint.Rule) ([]lint.Rule, error) {
	for _, name := range slices.Concat(s.Select, s.Ignore, slices.Sorted(maps.Keys(s.Severity))) {
		if !slices.ContainsFunc(all, func(r lint.Rule) bool { return lint.Matches(name, r.ID, r.Slug) }) {
			return nil, fmt.Errorf("there is no rule %q%s", name, meant(name, all))
		}
	}
	var out []lint.Rule
	for _, r := range all {
		named := func(list []string) bool {
			return slices.ContainsFunc(list, func(name string) bool { return lint.Matches(name, r.ID, r.Slug) })
		}
		if len(s.Select) > 0 && !named(s.Select) || named(s.Ignore) {
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

func meant(name string, all []lint.Rule) string {
	var names []string
	for _, r := range all {
		names = append(names, r.ID, r.Slug)
	}
	if s := schema.Suggest(name, names); s != "" {
		return fmt.Sprintf("; did you mean %q?", s)
	}
	return "; fusiongen explain lists them"
}

// Options are what the settings say about the world, on a day.
func (s Settings) Options(today string) lint.Options {
	return lint.Options{Nextflow: s.NextflowVersion, Kubernetes: s.KubernetesVersion, Today: today, Selected: len(s.Select) > 0 || len(s.Ignore) > 0}
}

// Check says what of the severities is none.
func (s Settings) Check() error {
	for _, text := range append(slices.Sorted(maps.Values(s.Severity)), s.MinSeverity) {
		if _, err := lint.ParseSeverity(text); err != nil && text != "" {
			return err
		}
	}
	return nil
}

// Shown are the findings that the settings let through, with their severities.
func (s Settings) Shown(findings []lint.Finding) []lint.Finding {
	least, err := lint.ParseSeverity(s.MinSeverity)
	if err != nil {
		least = lint.Warning
	}
	var out []lint.Finding
	for _, f := range findings {
		for _, name := range slices.Sorted(maps.Keys(s.Severity)) {
			if severity, err := lint.ParseSeverity(s.Severity[name]); err == nil && lint.Matches(name, f.Rule, f.Slug) && !f.Absent {
				f.Severity = severity
			}
		}
		if f.Severity >= least {
			out = append(out, f)
		}
	}
	return out
}
