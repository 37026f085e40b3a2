// Package policy is the IAM policy document.
package policy

import (
	"bytes"
	"encoding/json"
	"unicode"
)

// Version is the only policy language version to write; without it variables are literals.
const Version = "2012-10-17"

// Document is an identity, resource or trust policy.
type Document struct {
	Version    string      `json:"Version"`
	Statements []Statement `json:"Statement"`
}

// Statement is one grant or denial. Empty lists are left out.
type Statement struct {
	Sid       string                     `json:"Sid,omitempty"`
	Effect    string                     `json:"Effect"` // Allow | Deny
	Principal map[string]List            `json:"Principal,omitempty"`
	Action    List                       `json:"Action"`
	Resource  List                       `json:"Resource,omitempty"`
	Condition map[string]map[string]List `json:"Condition,omitempty"`
}

// List is one string or several; one is written without brackets.
type List []string

// MarshalJSON writes a list of one as a string, which is shorter and counts towards IAM's size limits.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// UnmarshalJSON reads both forms.
func (l *List) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = List{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// Marshal writes the document with two spaces of indentation and a final newline: equal documents, equal bytes.
func Marshal(d Document) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	encoder.Encode(d) // strings and maps of strings: it cannot fail
	return out.Bytes()
}

// Size is the document's length as IAM counts it: characters other than white space.
func Size(d Document) int {
	n := 0
	for _, r := range string(Marshal(d)) {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
