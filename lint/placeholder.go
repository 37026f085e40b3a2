package lint

import (
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// Words that guides leave for the reader to replace. 123456789012 is AWS's own example account and stands in
// running demos; 000000000000 and 111122223333 never are anybody's.
var placeholders = regex.Lazy(`<[A-Za-z][A-Za-z0-9 _.-]*>|\bYOUR[_-][A-Z0-9_-]+\b|\b(?:my|your)-(?:bucket|cluster|role|account)(?:-name)?\b|\bREPLACE[_-]?ME\b|\bCHANGE[_-]?ME\b|\b(?:000000000000|111122223333)\b|\bXXXX+\b`)

// placeholder is the first placeholder in s, or "".
func placeholder(s string) string {
	for _, part := range placeholderParts { // nearly every value has none of them
		if strings.Contains(s, part) {
			return placeholders().FindString(s)
		}
	}
	return ""
}

// placeholderParts are pieces of which every placeholder has one.
var placeholderParts = [...]string{"<", "YOUR", "my-", "your-", "REPLACE", "CHANGE", "000000", "111122", "XXXX"}

// Placeholder is the first text in s that a guide left to be replaced, or "".
func Placeholder(s string) string { return placeholder(s) }

func itoa(i int) string { return strconv.Itoa(i) }
