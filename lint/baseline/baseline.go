// Package baseline keeps the findings that a repository has accepted, so that only new ones are shown. A finding is known by its
// rule, its file and what it is about, not by its line.
package baseline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

// Baseline are accepted findings.
type Baseline struct {
	Version  int     `json:"version"` // 1
	Findings []Entry `json:"findings"`
}

// Entry is one accepted finding, as often as it stands there.
type Entry struct {
	Rule  string `json:"rule"`
	File  string `json:"file"`
	About string `json:"about"`
}

func entry(f lint.Finding) Entry { return Entry{f.Rule, f.Pos.File, f.Key} }

// Of accepts all findings.
func Of(findings []lint.Finding) Baseline {
	b := Baseline{Version: 1, Findings: []Entry{}}
	for _, f := range findings {
		b.Findings = append(b.Findings, entry(f))
	}
	slices.SortStableFunc(b.Findings, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.About, y.About))
	})
	return b
}

// Parse reads a baseline file.
func Parse(src []byte) (Baseline, error) {
	var b Baseline
	if err := json.Unmarshal(src, &b); err != nil {
		return b, fmt.Errorf("this is no baseline: %w", err)
	}
	if b.Version != 1 {
		return b, fmt.Errorf("the baseline has version %d; this program reads version 1", b.Version)
	}
	return b, nil
}

// Bytes is the text of the file.
func (b Baseline) Bytes() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(b) // strings always marshal
	return out.Bytes()
}

// New are the findings that the baseline does not hold; gone is how many of its entries no finding is of any more.
func (b Baseline) New(findings []lint.Finding) (left []lint.Finding, gone int) {
	accepted := map[Entry]int{}
	for _, e := range b.Findings {
		accepted[e]++
	}
	for _, f := range findings {
		if e := entry(f); accepted[e] > 0 {
			accepted[e]--
			continue
		}
		left = append(left, f)
	}
	for _, n := range accepted {
		gone += n
	}
	return left, gone
}
