// Package doctor says whether a node and a container can run tasks on a mount, which way, and what would be right.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A Verdict is the outcome of one check.
type Verdict string

// The verdicts. Degraded works, but slower or with less safety than it could.
const (
	Pass     Verdict = "pass"
	Degraded Verdict = "degraded"
	Fail     Verdict = "fail"
)

// A Check is one thing looked at.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Hint    string  `json:"hint,omitempty"` // what would be right
}

// A Report is what the doctor found. Its JSON form is versioned: fields are added, never changed.
type Report struct {
	Version int     `json:"version"` // 1
	Verdict Verdict `json:"verdict"` // the worst of Checks
	Checks  []Check `json:"checks"`
}

// A Patient is what is looked at.
type Patient struct {
	Node     mount.Node
	Memory   int64  // bytes the container may use, 0 for no limit
	CacheDir string // where the cache will be
	S3       object.Config
	Buckets  []string
	// Mount tries the ways to mount and returns the name of the first that works, or a sentence why none does.
	Mount func() (way string, err error)
}

// Examine runs all checks.
func Examine(ctx context.Context, p Patient) Report {
	r := Report{Version: 1, Verdict: Pass}
	r.Checks = append(r.Checks, p.kernel(), p.device(), p.mounts(), p.namespaces(), p.seccomp(), p.apparmor(), p.cache(), p.memory())
	r.Checks = append(r.Checks, p.buckets(ctx)...)
	for _, c := range r.Checks {
		if c.Verdict == Fail || c.Verdict == Degraded && r.Verdict == Pass {
			r.Verdict = c.Verdict
		}
	}
	return r
}

// WriteText writes one line a check, and its hint below.
func (r Report) WriteText(w io.Writer) error {
	var s strings.Builder
	for _, c := range r.Checks {
		fmt.Fprintf(&s, "%-9s %-16s %s\n", c.Verdict, c.Name, c.Found)
		if c.Hint != "" {
			fmt.Fprintf(&s, "%-26s %s\n", "", c.Hint)
		}
	}
	fmt.Fprintf(&s, "%-9s in all\n", r.Verdict)
	_, err := io.WriteString(w, s.String())
	return err
}

// WriteJSON writes the report as one JSON document.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
