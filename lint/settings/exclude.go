package settings

import (
	"path"
	"strings"
)

// Excluded says whether a path is left out: a pattern names it or a directory above it. Patterns are those of path.Match, with
// ** for any number of directories; one without a slash means a name at any depth.
func (s Settings) Excluded(name string) bool {
	name = strings.TrimPrefix(name, "./")
	for _, pattern := range s.Exclude {
		pattern = strings.Trim(strings.TrimPrefix(pattern, "./"), "/")
		if !strings.Contains(pattern, "/") {
			pattern = "**/" + pattern
		}
		for at := name; at != "." && at != "/" && at != ".."; at = path.Dir(at) {
			if match(strings.Split(pattern, "/"), strings.Split(at, "/")) {
				return true
			}
		}
	}
	return false
}

func match(pattern, name []string) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == "**" {
		for i := 0; i <= len(name); i++ {
			if match(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if len(name) == 0 {
		return false
	}
	ok, _ := path.Match(pattern[0], name[0]) // a bad pattern matches nothing
	return ok && match(pattern[1:], name[1:])
}
