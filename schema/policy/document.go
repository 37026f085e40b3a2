// Package policy is the IAM policy document: parsed with positions, written canonically, compared by meaning, and
// asked what it allows. It is pure and knows no account.
package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Version is the only policy language version to write; without it variables are literals.
const Version = "2012-10-17"

// IAM's limits in characters other than white space, as Size counts (IAM user guide, quotas).
const (
	MaxManaged = 6144  // a managed policy
	MaxInline  = 10240 // the inline policies of a role together
	MaxTrust   = 2048  // a trust policy, before the account's quota is raised
)

// Document is an identity, resource or trust policy.
type Document struct {
	Version    string      `json:"Version,omitempty"`
	ID         string      `json:"Id,omitempty"`
	Statements []Statement `json:"Statement"`
}

// Statement is one grant or denial. Lists that are nil are left out.
type Statement struct {
	Sid          string     `json:"Sid,omitempty"`
	Effect       string     `json:"Effect"` // Allow | Deny
	Principal    Principals `json:"Principal,omitzero"`
	NotPrincipal Principals `json:"NotPrincipal,omitzero"`
	Action       List       `json:"Action,omitzero"`
	NotAction    List       `json:"NotAction,omitzero"`
	Resource     List       `json:"Resource,omitzero"`
	NotResource  List       `json:"NotResource,omitzero"`
	Condition    Conditions `json:"Condition,omitzero"`

	Pos Pos `json:"-"` // where Parse read it; the zero Pos otherwise
}

// Conditions are values by condition key by operator.
type Conditions map[string]map[string]List

// Principals are identifiers by kind: AWS, Federated, Service, CanonicalUser. The kind "*" with the one value "*" is
// everybody.
type Principals map[string]List

// MarshalJSON writes everybody as "*".
func (p Principals) MarshalJSON() ([]byte, error) {
	if len(p) == 1 && slices.Equal(p["*"], List{"*"}) {
		return []byte(`"*"`), nil
	}
	return encode(map[string]List(p))
}

// List is one string or several; one is written without brackets.
type List []string

// MarshalJSON writes a list of one as a string, which is shorter and counts towards IAM's size limits.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return encode(l[0])
	}
	return encode(append([]string{}, l...))
}

// encode is JSON that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// Pos is a place in a document; both count from 1, Column in code points. The zero Pos is nowhere.
type Pos struct{ Line, Column int }

// String is line:column.
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Marshal writes the document with two spaces of indentation and a final newline: equal documents, equal bytes.
// Characters past U+00FF, which IAM does not take, are escaped.
func Marshal(d Document) []byte {
	text, _ := encode(d) // strings and maps of strings: it cannot fail
	var indented bytes.Buffer
	json.Indent(&indented, text, "", "  ")
	var out []byte
	for _, r := range indented.String() {
		switch high, low := utf16.EncodeRune(r); {
		case r <= 0xff:
			out = utf8.AppendRune(out, r)
		case r <= 0xffff:
			out = fmt.Appendf(out, "\\u%04x", r)
		default:
			out = fmt.Appendf(out, "\\u%04x\\u%04x", high, low)
		}
	}
	return out
}

// Compact writes the document in one line, for forms that hold it as a string.
func Compact(d Document) string {
	var out bytes.Buffer
	json.Compact(&out, Marshal(d)) // Marshal's own output: it cannot fail
	return out.String()
}

// Size is the document's length as IAM counts it: characters other than white space.
func Size(d Document) int { return TextSize(Compact(d)) }

// TextSize is Size of a document's text.
func TextSize(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
