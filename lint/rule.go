package lint

import (
	"fmt"
	"strings"
)

// Rule is one thing that is checked. It is data and one pure function; its page stands beside it.
type Rule struct {
	ID       string // "FG203"; never reused
	Slug     string // "trust-region"; accepted wherever the ID is
	Severity Severity
	Summary  string // one line
	Since    string // the release that had it first

	// Page reads its page, Markdown: what, why, bad, good, fix, when to ignore.
	Page func() string

	// Check looks at one set-up.
	Check func(set *Setup, report *Reporter)
	// Suppressed, in place of Check, looks at each suppression after all other rules have run.
	Suppressed func(s *Suppression, opts Options, report *Reporter)
}

// Reporter takes the findings of one rule on one set-up.
type Reporter struct {
	rule     Rule
	begin    *File // where a finding stands whose own place is not known
	findings []Finding
}

// At reports what is wrong at a node, with what would be right; without a node it stands at the begin of the set-up. The
// returned finding can be completed.
func (r *Reporter) At(n *Node, hint, message string, args ...any) *Finding {
	if n == nil {
		n = &Node{}
	}
	return r.Bytes(n.File, n.Start, n.End, keyOf(n), hint, message, args...)
}

// Bytes reports what is wrong at a piece of a file; key says what it is about by meaning.
func (r *Reporter) Bytes(f *File, start, end int, key, hint, message string, args ...any) *Finding {
	if f == nil {
		f, start, end = r.begin, 0, 0
	}
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	r.findings = append(r.findings, Finding{
		Rule: r.rule.ID, Slug: r.rule.Slug, Severity: r.rule.Severity,
		Span: f.Span(start, end), Message: message, Hint: hint, Key: key + "|" + message,
		file: f, start: start, end: end,
	})
	return &r.findings[len(r.findings)-1]
}

// try lets the rule look at what is named. A rule that panics gives a finding that says so: the other rules go on, and the other
// set-ups.
func (r *Reporter) try(what string, look func()) {
	defer func() {
		if why := recover(); why != nil {
			f := r.Bytes(nil, 0, 0, "", "this is a defect of fusiongen: report it, and go on with --ignore "+r.rule.ID,
				"the rule %s %s broke on %s, and what else it would find there is not known: %v", r.rule.ID, r.rule.Slug, what, why)
			f.Severity, f.Broken = Error, true
		}
	}()
	look()
}

// keyOf is the node's text: findings that move keep it.
func keyOf(n *Node) string {
	if n.Kind == Map || n.Kind == List {
		return ""
	}
	return n.Value
}

// See adds another place that the finding is about.
func (f *Finding) See(n *Node, message string, args ...any) *Finding {
	if n != nil && n.File != nil {
		f.Related = append(f.Related, Related{n.File.Span(n.Start, n.End), fmt.Sprintf(message, args...)})
	}
	return f
}

// As changes the severity where the set-up makes the mistake milder or worse.
func (f *Finding) As(s Severity) *Finding {
	f.Severity = s
	return f
}

// NotGiven makes it a hint: what is missing may stand in a part of the world that was not given (a workspace repository
// without its node part). The linter's --with DIR gives it.
func (f *Finding) NotGiven() *Finding {
	f.Severity, f.Absent = Hint, true
	if !strings.Contains(f.Hint, "--with") {
		f.Hint += "; where another repository holds it, give that as --with DIR"
	}
	return f
}

// Safe adds edits that keep what a run does.
func (f *Finding) Safe(edits ...Edit) *Finding { return f.fix(false, edits) }

// Unsafe adds edits that may change what a run does.
func (f *Finding) Unsafe(edits ...Edit) *Finding { return f.fix(true, edits) }

func (f *Finding) fix(unsafe bool, edits []Edit) *Finding {
	if len(edits) > 0 {
		f.Fix = &Fix{Unsafe: unsafe, Edits: edits}
	}
	return f
}
