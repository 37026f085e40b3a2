package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
)

// Severity says how sure a finding is to hurt a run.
type Severity int

// The severities, the mildest first. Hints are shown with --pedantic only.
const (
	Hint    Severity = iota // worth knowing; nothing fails
	Warning                 // fails in some situation, or grants more than is used
	Error                   // a run fails, hangs, or leaks
)

var severityNames = [...]string{"hint", "warning", "error"}

// String is the name in reports, flags and configuration.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a name that String writes.
func ParseSeverity(s string) (Severity, error) {
	if i := slices.Index(severityNames[:], s); i >= 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("severity %q is none of %s", s, strings.Join(severityNames[:], ", "))
}

// Span is a piece of a file, from Pos up to and without End.
type Span struct {
	Pos schema.Pos
	End schema.Pos
}

// Related is another place that a finding is about.
type Related struct {
	Span
	Message string
}

// Finding is one thing that a rule found.
type Finding struct {
	Rule     string // "FG203"
	Slug     string // "trust-region"
	Severity Severity
	Span            // the primary place
	Message  string // the fact, and what happens at run time if it is left
	Hint     string // the edit that makes it right
	Related  []Related
	Fix      *Fix
	Absent   bool   // it is only about what was not given to the linter
	Broken   bool   // the rule itself failed, so that what it would have found is not known
	Key      string // what it is about by meaning, not by line: document and field path; baselines and fingerprints use it

	made       Span  // where it stood in what was generated, if it was moved to the spec
	file       *File // holds Span
	start, end int   // byte offsets of Span in it
}

// Fix is a set of edits that belong together.
type Fix struct {
	Unsafe bool // it may change what a run does; applied with --unsafe only
	Edits  []Edit
}

// Edit replaces the bytes [Start, End) of a file.
type Edit struct {
	File       *File
	Start, End int
	New        string
}

// compare orders findings by place, then rule, then message, so that two runs print the same.
func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
}

// Fingerprint identifies a finding across edits that only move it: rule, file and meaning.
func (f Finding) Fingerprint() string {
	return f.Rule + "|" + f.Pos.File + "|" + f.Key
}

// Line is the text of the finding's first line, without its end, and whether the file's text is known.
func (f Finding) Line() (string, bool) {
	if f.file == nil {
		return "", false
	}
	return f.file.line(f.Pos.Line), true
}
