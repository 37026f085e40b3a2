package lint

import (
	"bytes"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// Suppression silences rules at a place: `# fusiongen:ignore FG203 until=2027-01-31 why`, on the line of the finding or on
// the line above it, in the comments of YAML, CUE, Groovy (//) and Markdown (<!-- -->); or the annotation
// fusiongen/ignore of an object, which silences them in the whole object.
type Suppression struct {
	Rules  []string // IDs, slugs, or beginnings with *
	Until  string   // YYYY-MM-DD, the last day that it holds; "" for ever
	Reason string
	Used   bool // it silenced something
	Known  bool // it names a rule that runs

	file       *File
	start, end int // of the comment
	from, to   int // lines that it covers
}

var ignoreMark = []byte("fusiongen:ignore")

var ignoreComment = regex.Lazy(`(?:#|//|<!--)\s*fusiongen:ignore\b([^\n]*)`)

// suppressions are the comments of a file. In a Markdown page a comment covers the fenced block that follows it.
func suppressions(f *File) []*Suppression {
	if !bytes.Contains(f.Src, ignoreMark) {
		return nil
	}
	var out []*Suppression
	for _, m := range ignoreComment().FindAllSubmatchIndex(f.Src, -1) {
		words := strings.TrimSpace(strings.TrimSuffix(strings.TrimRight(string(f.Src[m[2]:m[3]]), " \t\r"), "-->"))
		line := f.Pos(m[0]).Line
		s := &Suppression{file: f, start: m[0], end: m[0] + len(strings.TrimRight(string(f.Src[m[0]:m[1]]), " \t\r")), from: line, to: line}
		if strings.TrimSpace(f.line(line)[:f.Pos(m[0]).Column-1]) == "" {
			s.to = line + 1 // a line of its own speaks of the next
		}
		if strings.HasPrefix(string(f.Src[m[0]:]), "<!--") {
			s.to = fenceEnd(f, line)
		}
		s.parse(words)
		out = append(out, s)
	}
	return out
}

// fenceEnd is the last line of the fenced block that begins on one of the two lines after line.
func fenceEnd(f *File, line int) int {
	for _, b := range fences(f) {
		first := f.Pos(b.at[0]).Line
		if first-line >= 1 && first-line <= 3 {
			return first + len(b.at)
		}
	}
	return line + 1
}

func (s *Suppression) parse(words string) {
	fields := strings.Fields(words)
	if len(fields) > 0 {
		s.Rules = strings.Split(fields[0], ",")
		fields = fields[1:]
	}
	if len(fields) > 0 && strings.HasPrefix(fields[0], "until=") {
		s.Until = strings.TrimPrefix(fields[0], "until=")
		fields = fields[1:]
	}
	s.Reason = strings.Join(fields, " ")
}

// ignoreAnnotation holds "FG301: why", several separated by semicolons.
const ignoreAnnotation = "fusiongen/ignore"

func annotated(o *Object) []*Suppression {
	n := o.Get("metadata", "annotations", ignoreAnnotation)
	if n.Text() == "" {
		return nil
	}
	var out []*Suppression
	for part := range strings.SplitSeq(n.Value, ";") {
		rules, reason, _ := strings.Cut(part, ":")
		s := &Suppression{file: n.File, start: n.Start, end: n.End, from: n.File.Pos(o.Start).Line, to: n.File.Pos(o.End).Line, Reason: strings.TrimSpace(reason)}
		for rule := range strings.SplitSeq(rules, ",") {
			s.Rules = append(s.Rules, strings.TrimSpace(rule))
		}
		if first, rest, _ := strings.Cut(s.Reason, " "); strings.HasPrefix(first, "until=") {
			s.Until, s.Reason = strings.TrimPrefix(first, "until="), rest
		}
		out = append(out, s)
	}
	return out
}

// covers says whether the suppression speaks of the finding.
func (s *Suppression) covers(f Finding) bool {
	if !s.at(f.Pos) && !s.at(f.made.Pos) {
		return false
	}
	for _, r := range s.Rules {
		if Matches(r, f.Rule, f.Slug) {
			return true
		}
	}
	return false
}

func (s *Suppression) at(p schema.Pos) bool {
	return p.File == s.file.Name && p.Line >= s.from && p.Line <= s.to
}

// within says whether it stands in a text.
func (s *Suppression) within(t text) bool {
	return s.file == t.file && s.start >= t.offset(0) && s.start < t.offset(len(t.src))
}

// Matches says whether a name from a flag, a configuration or a comment means the rule: its ID, its slug, the
// beginning of either followed by *, or "all".
func Matches(name, id, slug string) bool {
	if name == "all" || name == id || name == slug {
		return true
	}
	prefix, wild := strings.CutSuffix(name, "*")
	return wild && (strings.HasPrefix(id, prefix) || strings.HasPrefix(slug, prefix))
}

// String are the rules that it names.
func (s *Suppression) String() string {
	if len(s.Rules) == 0 {
		return "no rule"
	}
	return strings.Join(s.Rules, ",")
}

// Expired says whether its last day is over; one whose until is no date has no last day.
func (s *Suppression) Expired(today string) bool { return s.Dated() && s.Until < today }

// Dated says whether Until is a date.
func (s *Suppression) Dated() bool {
	_, err := time.Parse(time.DateOnly, s.Until)
	return err == nil
}

// At reports what is wrong with the suppression itself.
func (s *Suppression) At(report *Reporter, hint, message string, args ...any) *Finding {
	return report.Bytes(s.file, s.start, s.end, s.String(), hint, message, args...)
}

// Remove deletes the comment, and its line where nothing else is on it; ok is false for an annotation, which may hold others.
func (s *Suppression) Remove() (e Edit, ok bool) {
	src := s.file.Src
	if !ignoreComment().Match(src[s.start:min(len(src), s.end)]) {
		return Edit{}, false
	}
	lineStart := strings.LastIndexByte(string(src[:s.start]), '\n') + 1
	if strings.TrimSpace(string(src[lineStart:s.start])) == "" {
		return Edit{s.file, lineStart, afterLine(src, s.end), ""}, true
	}
	start := s.start
	for start > lineStart && (src[start-1] == ' ' || src[start-1] == '\t') {
		start--
	}
	return Edit{s.file, start, s.end, ""}, true
}
