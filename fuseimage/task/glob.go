package task

import (
	"regexp"
	"strings"
)

// compileGlob turns a Java glob (java.nio.file.FileSystem.getPathMatcher) into a regular
// expression over a path relative to the work directory. A pattern that is no glob matches itself
// only.
func compileGlob(pattern string) *regexp.Regexp {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	// A file may be named like the pattern (glob: false), so the literal name always matches.
	re, err := regexp.Compile("^(?:" + regexp.QuoteMeta(pattern) + "|" + translate(pattern) + ")$")
	if err != nil {
		return regexp.MustCompile("^" + regexp.QuoteMeta(pattern) + "$")
	}
	return re
}

func translate(pattern string) string {
	var out strings.Builder
	depth := 0 // of { }
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*' && strings.HasPrefix(pattern[i:], "**/"):
			// In Nextflow a leading ** also takes no directory at all.
			out.WriteString("(?:.*/)?")
			i += 2
		case c == '*' && strings.HasPrefix(pattern[i:], "**"):
			out.WriteString(".*")
			i++
		case c == '*':
			out.WriteString("[^/]*")
		case c == '?':
			out.WriteString("[^/]")
		case c == '{':
			depth++
			out.WriteString("(?:")
		case c == '}' && depth > 0:
			depth--
			out.WriteString(")")
		case c == ',' && depth > 0:
			out.WriteString("|")
		case c == '[':
			end := strings.IndexByte(pattern[i:], ']')
			if end < 2 {
				out.WriteString(`\[`)
				continue
			}
			set := pattern[i+1 : i+end]
			if set[0] == '!' {
				set = "^" + set[1:]
			}
			out.WriteString("[" + strings.ReplaceAll(set, `\`, `\\`) + "]")
			i += end
		case c == '\\' && i+1 < len(pattern):
			i++
			out.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		default:
			out.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return out.String()
}
