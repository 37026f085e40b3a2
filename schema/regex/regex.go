// Package regex holds regular expressions that compile when they are first used: the program knows many, and a run uses few.
package regex

import (
	"regexp"
	"sync"
)

// Lazy is a regular expression that compiles at its first use.
func Lazy(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
