// Package report writes findings in the formats that people and programs read.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// Report is what a run of the linter found.
type Report struct {
	Findings []lint.Finding
	Rules    []lint.Rule // all that ran
	Version  string      // of fusiongen
}

// format is one way to write a report.
type format struct {
	name  string
	write func(io.Writer, Report) error
}

var formats = [...]format{{"text", writeText}, {"json", writeJSON}, {"sarif", writeSARIF}, {"github", writeGitHub}, {"junit", writeJUnit}}

// Formats are the names that Write takes, the default first.
func Formats() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}

// Write writes the report in a format, and nothing else.
func Write(w io.Writer, name string, r Report) error {
	for _, f := range formats {
		if f.name == name {
			return f.write(w, r)
		}
	}
	return fmt.Errorf("there is no format %q; there are %s", name, strings.Join(Formats(), ", "))
}

// fingerprints are those of the findings; where several are the same, they are counted.
func fingerprints(findings []lint.Finding) []string {
	out := make([]string, len(findings))
	seen := map[string]int{}
	for i, f := range findings {
		out[i] = f.Fingerprint()
		seen[out[i]]++
		if n := seen[out[i]]; n > 1 {
			out[i] = fmt.Sprintf("%s|%d", out[i], n)
		}
	}
	return out
}
