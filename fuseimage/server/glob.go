package server

import (
	"regexp"
	"strings"
)

// A glob is a Java glob (java.nio.file.FileSystem.getPathMatcher) over a path relative to the work directory.
type glob struct {
	literal string
	re      *regexp.Regexp // nil when the pattern is no glob
}

func compileGlob(pattern string) glob {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	re, err := regexp.Compile("(?s)^(?:" + translate(pattern) + ")$")
	if err != nil {
		re = nil
	}
	return glob{pattern, re}
}

// match also takes a file that is named like the pattern (glob: false).
func (g glob) match(name string) bool {
	return name == g.literal || g.re != nil && g.re.MatchString(name)
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
			out.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return out.String()
}
