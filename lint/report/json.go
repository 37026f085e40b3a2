package report

import (
	"encoding/json"
	"io"

	"github.com/fusiongen/fusiongen/schema"
)

// jsonReport is a contract: fields are added, never changed or removed, within one version.
type jsonReport struct {
	Version  int           `json:"version"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	ID        string        `json:"id"`
	Slug      string        `json:"slug"`
	Severity  string        `json:"severity"`
	File      string        `json:"file"`
	Line      int           `json:"line"`   // from 1
	Column    int           `json:"column"` // from 1, in code points
	EndLine   int           `json:"endLine"`
	EndColumn int           `json:"endColumn"` // of the first code point behind it
	Message   string        `json:"message"`
	Hint      string        `json:"hint"`
	Related   []jsonRelated `json:"related"`
}

type jsonRelated struct {
	schema.Pos
	Message string `json:"message"`
}

func writeJSON(w io.Writer, r Report) error {
	out := jsonReport{Version: 1, Findings: []jsonFinding{}}
	for _, f := range r.Findings {
		j := jsonFinding{
			ID: f.Rule, Slug: f.Slug, Severity: f.Severity.String(), File: f.Pos.File, Line: f.Pos.Line, Column: f.Pos.Column,
			EndLine: f.End.Line, EndColumn: f.End.Column, Message: f.Message, Hint: f.Hint, Related: []jsonRelated{},
		}
		for _, rel := range f.Related {
			j.Related = append(j.Related, jsonRelated{rel.Pos, rel.Message})
		}
		out.Findings = append(out.Findings, j)
	}
	return encode(w, out)
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
