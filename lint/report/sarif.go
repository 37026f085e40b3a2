package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"

	"github.com/fusiongen/fusiongen/lint"
)

// SARIF 2.1.0, as far as code-scanning services read it. Columns are code points, which the format only assumes when told.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string       `json:"id"`
	Name                 string       `json:"name"`
	ShortDescription     sarifMessage `json:"shortDescription"`
	Help                 sarifMessage `json:"help"`
	HelpURI              string       `json:"helpUri"`
	DefaultConfiguration struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             sarifMessage      `json:"message"`
	Locations           []sarifLocation   `json:"locations"`
	RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	ID               *int          `json:"id,omitempty"`
	PhysicalLocation sarifPhysical `json:"physicalLocation"`
	Message          *sarifMessage `json:"message,omitempty"`
}

type sarifPhysical struct {
	ArtifactLocation struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

const home = "https://github.com/fusiongen/fusiongen"

func writeSARIF(w io.Writer, r Report) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "fusiongen", Version: r.Version, InformationURI: home, Rules: []sarifRule{}}
	index := map[string]int{}
	for i, rule := range r.Rules {
		index[rule.ID] = i
		page := rule.Page()
		s := sarifRule{ID: rule.ID, Name: rule.Slug, ShortDescription: sarifMessage{Text: rule.Summary}, Help: sarifMessage{Text: page, Markdown: page}, HelpURI: home + "/blob/main/docs/rules/" + rule.ID + ".md"}
		s.DefaultConfiguration.Level = level(rule.Severity)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, s)
	}
	prints := fingerprints(r.Findings)
	for i, f := range r.Findings {
		hash := sha256.Sum256([]byte(prints[i]))
		result := sarifResult{
			RuleID: f.Rule, RuleIndex: index[f.Rule], Level: level(f.Severity), Message: sarifMessage{Text: f.Message + "\n" + f.Hint},
			Locations: []sarifLocation{location(f.Span)}, PartialFingerprints: map[string]string{"fusiongen/v1": hex.EncodeToString(hash[:16])},
		}
		for n, rel := range f.Related {
			l := location(rel.Span)
			l.ID, l.Message = &n, &sarifMessage{Text: rel.Message}
			result.RelatedLocations = append(result.RelatedLocations, l)
		}
		run.Results = append(run.Results, result)
	}
	return encode(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func level(s lint.Severity) string {
	switch s {
	case lint.Error:
		return "error"
	case lint.Warning:
		return "warning"
	}
	return "note"
}

func location(s lint.Span) sarifLocation {
	var l sarifLocation
	l.PhysicalLocation.ArtifactLocation.URI = (&url.URL{Path: s.Pos.File}).EscapedPath()
	if s.Pos.Line > 0 {
		l.PhysicalLocation.Region = &sarifRegion{s.Pos.Line, s.Pos.Column, s.End.Line, s.End.Column}
	}
	return l
}
