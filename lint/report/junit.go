package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// The JUnit form: a suite for each file, a failed case for each finding; without findings, one case that passed, for a
// report without cases is taken for a broken one.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, r Report) error {
	out := junitSuites{Name: "fusiongen", Tests: max(1, len(r.Findings)), Failures: len(r.Findings)}
	for _, f := range r.Findings {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != f.Pos.File {
			out.Suites = append(out.Suites, junitSuite{Name: clean(f.Pos.File)})
		}
		s := &out.Suites[len(out.Suites)-1]
		s.Tests++
		s.Failures++
		s.Cases = append(s.Cases, junitCase{
			Name: fmt.Sprintf("%s %s %d:%d", f.Rule, f.Slug, f.Pos.Line, f.Pos.Column), Class: clean(f.Pos.File),
			Failure: &junitFailure{Message: clean(f.Message), Type: f.Severity.String(), Text: clean(detail(f))},
		})
	}
	if len(r.Findings) == 0 {
		out.Suites = []junitSuite{{Name: "fusiongen", Tests: 1, Cases: []junitCase{{Name: "no findings", Class: "fusiongen"}}}}
	}
	data, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

func detail(f lint.Finding) string {
	text := fmt.Sprintf("%s: %s\nhint: %s", f.Pos, f.Message, f.Hint)
	for _, rel := range f.Related {
		text += fmt.Sprintf("\nsee %s: %s", rel.Pos, rel.Message)
	}
	return text
}

// clean drops what XML has no place for.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
}
