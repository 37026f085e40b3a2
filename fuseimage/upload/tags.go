package upload

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Tags is a parsed FUSION_TAGS: which object tags a key is stored with.
type Tags struct {
	rules []tagRule
}

type tagRule struct {
	globs  []string
	header string // URL-encoded
}

// ParseTags reads the form [GLOB|GLOB](KEY=VALUE),[GLOB](KEY=VALUE&KEY=VALUE). Globs are matched against the base
// name of a key; the first rule that matches wins.
func ParseTags(s string) (Tags, error) {
	var t Tags
	wrong := func(what string) (Tags, error) {
		return Tags{}, fmt.Errorf("object tags %q: %s; the form is [GLOB|GLOB](KEY=VALUE),[GLOB](KEY=VALUE)", s, what)
	}
	for rest := s; rest != ""; {
		globs, tail, ok := strings.Cut(strings.TrimPrefix(rest, "["), "](")
		if !ok || rest[0] != '[' {
			return wrong("a rule does not begin with [GLOB](")
		}
		pairs, tail, ok := strings.Cut(tail, ")")
		if !ok {
			return wrong("a rule does not end with )")
		}
		r := tagRule{globs: strings.Split(globs, "|")}
		for _, g := range r.globs {
			if _, err := path.Match(g, ""); err != nil || g == "" {
				return wrong(fmt.Sprintf("%q is no glob", g))
			}
		}
		var header []string
		for pair := range strings.SplitSeq(pairs, "&") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || key == "" {
				return wrong(fmt.Sprintf("%q is not KEY=VALUE", pair))
			}
			header = append(header, url.QueryEscape(key)+"="+url.QueryEscape(value))
		}
		r.header = strings.Join(header, "&")
		t.rules = append(t.rules, r)
		if rest = tail; rest != "" {
			if rest = strings.TrimPrefix(tail, ","); rest == tail || rest == "" {
				return wrong("rules are not separated by one comma")
			}
		}
	}
	return t, nil
}

// For returns the tags of a key's name, URL-encoded as in the header, "" for none.
func (t Tags) For(name string) string {
	base := path.Base(name)
	for _, r := range t.rules {
		for _, g := range r.globs {
			if ok, _ := path.Match(g, base); ok {
				return r.header
			}
		}
	}
	return ""
}
