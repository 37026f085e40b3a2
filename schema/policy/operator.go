package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operator is a condition operator taken apart.
type operator struct {
	base    string // StringLike
	set     string // "", ForAllValues, ForAnyValue
	exists  bool   // …IfExists: true where the key is absent
	negated bool   // …Not…: true where no value matches
	compare func(value, have string) bool
	wild    bool // * and ? of the policy's value are wildcards
}

// parseOperator takes an operator's name apart; false where IAM has no such operator.
func parseOperator(name string) (operator, bool) {
	op := operator{base: name}
	if set, base, found := strings.Cut(name, ":"); found {
		if set != "ForAllValues" && set != "ForAnyValue" {
			return op, false
		}
		op.set, op.base = set, base
	}
	if base, found := strings.CutSuffix(op.base, "IfExists"); found && base != "Null" {
		op.base, op.exists = base, true
	}
	for _, family := range families() {
		if !strings.HasPrefix(op.base, family.name) && !strings.HasPrefix(op.base, "Not"+family.name) {
			continue
		}
		for suffix, compare := range family.compare {
			switch op.base {
			case family.name + suffix:
			case family.name + "Not" + suffix, "Not" + family.name + suffix:
				op.negated = true
			default:
				continue
			}
			op.compare, op.wild = compare, strings.HasSuffix(suffix, "Like") || family.name == "Arn"
			return op, canNegate(op)
		}
	}
	return op, false
}

// canNegate leaves out the spellings that IAM does not have, such as NumericNotLessThan.
func canNegate(op operator) bool {
	return !op.negated || slices.Contains([]string{"StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike",
		"NumericNotEquals", "DateNotEquals", "NotIpAddress", "ArnNotEquals", "ArnNotLike"}, op.base)
}

type family struct {
	name    string
	compare map[string]func(value, have string) bool
}

// families are the operators by type; compare has the policy's value first, and gets patterns as they stand.
func families() []family {
	equal := func(value, have string) bool { return value == have }
	return []family{
		{"String", map[string]func(string, string) bool{"Equals": equal, "EqualsIgnoreCase": strings.EqualFold, "Like": nil}},
		{"Numeric", ordered(func(a, b string) (int, bool) {
			x, err := strconv.ParseFloat(a, 64)
			y, err2 := strconv.ParseFloat(b, 64)
			return order(x < y, x > y), err == nil && err2 == nil
		})},
		{"Date", ordered(func(a, b string) (int, bool) {
			x, ok := moment(a)
			y, ok2 := moment(b)
			return x.Compare(y), ok && ok2
		})},
		{"Bool", map[string]func(string, string) bool{"": strings.EqualFold}},
		{"Binary", map[string]func(string, string) bool{"Equals": equal}},
		{"IpAddress", map[string]func(string, string) bool{"": inNetwork}},
		{"Arn", map[string]func(string, string) bool{"Equals": nil, "Like": nil}},
		{"Null", map[string]func(string, string) bool{"": nil}},
	}
}

// ordered are the five comparisons of what has an order. A value that cannot be read matches nothing.
func ordered(compare func(have, value string) (int, bool)) map[string]func(string, string) bool {
	test := func(wanted ...int) func(string, string) bool {
		return func(value, have string) bool {
			n, ok := compare(have, value)
			return ok && slices.Contains(wanted, n)
		}
	}
	return map[string]func(string, string) bool{
		"Equals": test(0), "LessThan": test(-1), "LessThanEquals": test(-1, 0), "GreaterThan": test(1), "GreaterThanEquals": test(1, 0),
	}
}

func order(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// moment reads a date as policies write it: ISO 8601, or seconds since 1970.
func moment(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 4 {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func inNetwork(value, have string) bool {
	address, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if !strings.Contains(value, "/") {
		one, err := netip.ParseAddr(value)
		return err == nil && one == address
	}
	network, err := netip.ParsePrefix(value)
	return err == nil && network.Contains(address)
}

// matches compares one value of the policy with one of the request.
func (op operator) matches(value pattern, have string) bool {
	switch {
	case strings.HasPrefix(op.base, "Arn"):
		return matchARN(value, have)
	case op.wild:
		return value.covers(literal(have))
	}
	return op.compare(string(value), have)
}

// matchARN compares the six parts of an ARN one by one: a wildcard does not cross a colon, but for the last part.
func matchARN(value pattern, have string) bool {
	parts, texts := value.split(':', 6), strings.SplitN(have, ":", 6)
	if len(parts) != 6 || len(texts) != 6 {
		return false
	}
	for i, p := range parts {
		if !p.covers(literal(texts[i])) {
			return false
		}
	}
	return true
}

func (p pattern) split(at rune, n int) []pattern {
	var out []pattern
	for len(out) < n-1 {
		i := slices.Index(p, at)
		if i < 0 {
			break
		}
		out, p = append(out, p[:i]), p[i+1:]
	}
	return append(out, p)
}
