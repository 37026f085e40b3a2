package nfconfig

import "strings"

// maxDepth bounds nested lists, maps and blocks: real files stay below 10.
const maxDepth = 200

// value reads an expression up to the end of its statement, or of its list item.
func (s *scanner) value(depth int) (Value, bool) {
	start := s.at
	before := len(s.errors)
	if v, ok := s.literal(depth); ok && s.ends() {
		return v, true
	}
	if len(s.errors) > before {
		return Value{}, false
	}
	s.at = start
	return s.expression()
}

// ends says whether nothing more belongs to the value before.
func (s *scanner) ends() bool {
	at := s.at
	defer func() { s.at = at }()
	s.blanks(false)
	switch s.peek() {
	case 0, ';', '}', ']', ',', ')':
		return true
	case '\n':
		s.blanks(true)
		return !s.continues()
	}
	return false
}

// continues says whether a line begins with an operator, so that it goes on with the expression before.
func (s *scanner) continues() bool {
	for _, op := range [...]string{"?", ":", "&&", "||", ".", "+", "- ", "==", "!="} {
		if s.has(op) {
			return true
		}
	}
	return false
}

// literal reads a value whose meaning is known.
func (s *scanner) literal(depth int) (Value, bool) {
	v := Value{Start: s.at}
	c := s.peek()
	switch {
	case s.quote() != "" || s.slashy():
		text, dynamic, ok := s.anyString()
		if !ok {
			return v, false
		}
		v.Kind, v.Text = String, text
		if dynamic {
			v.Kind, v.Text = Unknown, s.src[v.Start:s.at]
		}
	case c == '[':
		if depth > maxDepth {
			s.fail(s.at, s.at+1, "lists nested deeper than 200 levels")
			return v, false
		}
		if !s.collection(&v, depth) {
			return v, false
		}
	case c == '{':
		if !s.balanced() {
			return v, false
		}
		v.Kind, v.Text = Closure, s.src[v.Start:s.at]
	case c >= '0' && c <= '9' || c == '-' && s.at+1 < len(s.src) && s.src[s.at+1] >= '0' && s.src[s.at+1] <= '9':
		s.number()
		v.Kind, v.Text = Number, s.src[v.Start:s.at]
		if last := v.Text[len(v.Text)-1]; !(last >= '0' && last <= '9') {
			v.Kind = Unknown
			if unit(v.Text) {
				v.Kind = String // 10.GB is Groovy for '10 GB'
			}
		}
	default:
		switch s.identifier() {
		case "true", "false":
			v.Kind = Bool
		case "null":
			v.Kind = Null
		default:
			return v, false
		}
		v.Text = s.src[v.Start:s.at]
	}
	v.End = s.at
	return v, true
}

// number reads digits and, as Groovy allows on numbers, a unit: 1.5, 1_000, 10.GB, 2.h.
func (s *scanner) number() {
	for s.at < len(s.src) && (isIdentifier(s.src[s.at], false) || s.src[s.at] == '.' || s.src[s.at] == '-') {
		s.at++
	}
}

// unit says whether text ends in a unit of memory or time behind a dot.
func unit(text string) bool {
	switch strings.ToLower(text[strings.LastIndexByte(text, '.')+1:]) {
	case "b", "kb", "mb", "gb", "tb", "pb", "ms", "s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hour", "hours", "d", "day", "days":
		return strings.Contains(text, ".")
	}
	return false
}

// collection reads [a, b] and [k: v, 'k': v, (k): v].
func (s *scanner) collection(v *Value, depth int) bool {
	open := s.at
	s.at++
	v.Kind = List
	for {
		s.blanks(true)
		switch {
		case s.at >= len(s.src):
			s.fail(open, open+1, "this [ is not closed")
			return false
		case s.peek() == ']':
			s.at++
			return true
		case s.has(":]"), s.peek() == ':' && len(v.Items) == 0 && len(v.Entries) == 0:
			v.Kind = Map // [:]
			s.at++
			continue
		case s.peek() == ',':
			s.at++
			continue
		}
		if !s.item(v, depth) {
			return false
		}
	}
}

// item reads one item or entry.
func (s *scanner) item(v *Value, depth int) bool {
	start := s.at
	key, isKey := s.key()
	if isKey {
		v.Kind = Map
		e := Entry{Key: key, Start: start, End: s.at}
		s.blanks(true)
		s.at++ // the colon that key saw
		s.blanks(true)
		var ok bool
		if e.Value, ok = s.value(depth + 1); ok {
			v.Entries = append(v.Entries, e)
		}
		return ok
	}
	s.at = start
	item, ok := s.value(depth + 1)
	if ok && s.at == start {
		s.fail(start, start+1, "a value is missing here")
		return false
	}
	if ok {
		v.Items = append(v.Items, item)
	}
	return ok
}

// key reads a map key when one stands here, followed by its colon.
func (s *scanner) key() (string, bool) {
	var key string
	switch q := s.quote(); {
	case q != "":
		before := len(s.errors)
		text, _, ok := s.stringLiteral(q)
		if !ok {
			s.errors = s.errors[:before] // value says it again
			return "", false
		}
		key = text
	case s.peek() == '(':
		from := s.at
		before := len(s.errors)
		if !s.balanced() {
			s.errors = s.errors[:before]
			return "", false
		}
		key = s.src[from:s.at]
	default:
		from := s.at
		for s.at < len(s.src) && isIdentifier(s.src[s.at], false) {
			s.at++
		}
		if key = s.src[from:s.at]; key == "" {
			return "", false
		}
	}
	at := s.at
	s.blanks(true)
	isKey := s.peek() == ':'
	s.at = at
	return key, isKey
}

// expression keeps what is no literal as text: up to the end of its line, over brackets and continued lines.
func (s *scanner) expression() (Value, bool) {
	v := Value{Start: s.at, Kind: Unknown}
	end := s.at
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case s.quote() != "":
			if _, _, ok := s.stringLiteral(s.quote()); !ok {
				return v, false
			}
			end = s.at
			continue
		case c == '(' || c == '[' || c == '{':
			if !s.balanced() {
				return v, false
			}
			end = s.at
			continue
		case c == ' ' || c == '\t' || c == '\r' || s.has("//") || s.has("/*"):
			s.blanks(false)
			if s.at == end {
				s.at++
			}
			continue
		}
		if c == '\n' && !s.lineGoesOn(end) || c == ';' || c == ',' || c == ']' || c == '}' || c == ')' {
			break
		}
		s.at++
		if c != '\n' {
			end = s.at
		}
	}
	v.Text, v.End = s.src[v.Start:end], end
	s.at = end
	return v, true
}

// lineGoesOn says whether the expression that ends at end continues behind the line end here.
func (s *scanner) lineGoesOn(end int) bool {
	if end > 0 {
		switch s.src[end-1] {
		case '+', '?', ':', '&', '|', '=', '.', '*':
			return true
		}
	}
	at := s.at
	defer func() { s.at = at }()
	s.blanks(true)
	return s.at < len(s.src) && s.continues()
}
