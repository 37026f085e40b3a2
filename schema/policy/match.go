package policy

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards, as code points; anyRun and anyOne stand for * and ?.
type pattern []rune

const (
	anyRun rune = -1 - iota // any characters, or none
	anyOne                  // one character
)

// glob reads * and ? as wildcards.
func glob(text string) pattern { return pattern{}.append(text, true) }

func (p pattern) append(text string, wild bool) pattern {
	for _, r := range text {
		switch {
		case wild && r == '*':
			r = anyRun
		case wild && r == '?':
			r = anyOne
		}
		p = append(p, r)
	}
	return p
}

// covers says whether p matches everything that q matches, in time len(p)·len(q). It never says yes wrongly; of two
// patterns that differ only in how they say the same ("*?" and "?*") it may say no.
func (p pattern) covers(q pattern) bool {
	i, j, star, from := 0, 0, -1, 0
	for j < len(q) {
		switch {
		case i < len(p) && p[i] == anyRun:
			star, from = i, j
			i++
		case i < len(p) && (p[i] == q[j] || p[i] == anyOne && q[j] != anyRun):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyRun {
		i++
	}
	return i == len(p)
}

// Match says whether a pattern with the wildcards * and ? matches a text; * crosses slashes and colons.
func Match(p, text string) bool { return glob(p).covers(literal(text)) }

// Covers says whether pattern p matches everything that pattern q matches; where it cannot tell, it says no.
func Covers(p, q string) bool { return glob(p).covers(glob(q)) }

// matchAction compares actions, whose case does not count.
func matchAction(p, action string) bool { return Match(strings.ToLower(p), strings.ToLower(action)) }

// expand reads a value with policy variables, ${aws:PrincipalTag/team} or ${key, 'default'}, and the escapes ${*},
// ${?} and ${$}. It is false where a variable has no single value in the context.
func expand(value string, wild, variables bool, context Context) (pattern, bool) {
	var out pattern
	for value != "" {
		before, rest, found := strings.Cut(value, "${")
		if !variables || !found {
			return out.append(value, wild), true
		}
		out = out.append(before, wild)
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return out.append("${"+rest, wild), true
		}
		value = after
		if name == "*" || name == "?" || name == "$" {
			r, _ := utf8.DecodeRuneInString(name)
			out = append(out, r)
			continue
		}
		name, fallback, hasFallback := strings.Cut(name, ",")
		values := context.get(strings.TrimSpace(name))
		switch {
		case len(values) == 1:
			out = out.append(values[0], false)
		case hasFallback:
			out = out.append(strings.Trim(strings.TrimSpace(fallback), "'"), false)
		default:
			return nil, false
		}
	}
	return out, true
}
