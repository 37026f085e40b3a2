package nfconfig

import "strings"

// scanner moves over the source without understanding it: blanks, comments, strings and brackets.
type scanner struct {
	src    string
	at     int
	errors []Error
}

func (s *scanner) fail(start, end int, message string) {
	s.errors = append(s.errors, Error{start, end, message})
}

func (s *scanner) peek() byte {
	if s.at < len(s.src) {
		return s.src[s.at]
	}
	return 0
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.src[s.at:], prefix) }

// blanks skips spaces and comments; lines also skips line ends and semicolons.
func (s *scanner) blanks(lines bool) {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == ' ' || c == '\t' || c == '\r' || lines && (c == '\n' || c == ';'):
			s.at++
		case c == '\\' && (s.has("\\\n") || s.has("\\\r\n")): // a continued line
			s.at += 2
		case s.has("//"), c == '#' && s.has("#!"):
			s.toLineEnd()
		case s.has("/*"):
			start := s.at
			i := strings.Index(s.src[s.at+2:], "*/")
			if i < 0 {
				s.at = len(s.src)
				s.fail(start, start+2, "this comment is not closed")
				return
			}
			s.at += i + 4
		default:
			return
		}
	}
}

func (s *scanner) toLineEnd() {
	if i := strings.IndexByte(s.src[s.at:], '\n'); i >= 0 {
		s.at += i
	} else {
		s.at = len(s.src)
	}
}

// quotes are the delimiters of strings, the longest first.
var quotes = [...]string{"'''", `"""`, "'", `"`}

// quote is the delimiter that a string at the current place begins with, or "".
func (s *scanner) quote() string {
	for _, q := range quotes {
		if s.has(q) {
			return q
		}
	}
	return ""
}

// stringLiteral reads a string and decodes it; dynamic says that it holds $interpolation.
func (s *scanner) stringLiteral(q string) (text string, dynamic, ok bool) {
	start := s.at
	s.at += len(q)
	var out strings.Builder
	for s.at < len(s.src) {
		c := s.src[s.at]
		switch {
		case s.has(q):
			s.at += len(q)
			return out.String(), dynamic, true
		case c == '\n' && len(q) == 1:
			s.fail(start, s.at, "this string is not closed on its line")
			return "", false, false
		case c == '\\' && s.at+1 < len(s.src):
			s.at++
			s.escape(&out)
		case c == '$' && q[0] == '"' && s.at+1 < len(s.src) && (s.src[s.at+1] == '{' || isIdentifier(s.src[s.at+1], true)):
			dynamic = true
			if s.src[s.at+1] == '{' {
				from := s.at
				s.at++
				s.balanced()
				out.WriteString(s.src[from:s.at])
				continue
			}
			out.WriteByte(c)
			s.at++
		case s.has("\r\n"): // a line end is one character to Groovy
			s.at++
		default:
			out.WriteByte(c)
			s.at++
		}
	}
	s.fail(start, start+len(q), "this string is not closed")
	return "", false, false
}

// slashy says whether a /slashy string/ begins here, where a value may stand; // and /* begin comments.
func (s *scanner) slashy() bool { return s.peek() == '/' && !s.has("//") && !s.has("/*") }

// slashyLiteral reads such a string: a backslash escapes only the slash, and lines may end in it.
func (s *scanner) slashyLiteral() (text string, dynamic, ok bool) {
	start := s.at
	var out strings.Builder
	for s.at++; s.at < len(s.src); s.at++ {
		switch c := s.src[s.at]; {
		case c == '/':
			s.at++
			return out.String(), dynamic, true
		case s.has(`\/`):
			s.at++
			out.WriteByte('/')
		case s.has("\r\n"):
		default:
			dynamic = dynamic || c == '$' && s.at+1 < len(s.src) && (s.src[s.at+1] == '{' || isIdentifier(s.src[s.at+1], true))
			out.WriteByte(c)
		}
	}
	s.fail(start, start+1, "this string is not closed")
	s.at = start // the mistake is on its first line: those below are read
	s.toLineEnd()
	return "", false, false
}

// anyString reads the string of either form that begins here.
func (s *scanner) anyString() (text string, dynamic, ok bool) {
	if s.slashy() {
		return s.slashyLiteral()
	}
	return s.stringLiteral(s.quote())
}

// escape decodes what follows a backslash (Groovy's escapes).
func (s *scanner) escape(out *strings.Builder) {
	c := s.src[s.at]
	s.at++
	switch c {
	case 'n':
		out.WriteByte('\n')
	case 't':
		out.WriteByte('\t')
	case 'r':
		out.WriteByte('\r')
	case 'b':
		out.WriteByte('\b')
	case 'f':
		out.WriteByte('\f')
	case '\n': // a joined line
	case '\r':
		if s.peek() == '\n' {
			s.at++
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		r := rune(c - '0')
		for n := 0; n < 2 && s.peek() >= '0' && s.peek() <= '7' && r < 32; n++ {
			r = r<<3 | rune(s.peek()-'0')
			s.at++
		}
		out.WriteRune(r)
	case 'u':
		var r rune
		for range 4 {
			d := strings.IndexByte("0123456789abcdef", lower(s.peek()))
			if d < 0 {
				break
			}
			r = r<<4 | rune(d)
			s.at++
		}
		out.WriteRune(r)
	default:
		out.WriteByte(c)
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// balanced skips a bracketed text; the scanner stands on its opening bracket. It is false where the text ends first.
func (s *scanner) balanced() bool {
	start := s.at
	var open []byte
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case s.quote() != "":
			if _, _, ok := s.stringLiteral(s.quote()); !ok {
				return false
			}
			continue
		case s.has("//"), s.has("/*"):
			s.blanks(false)
			continue
		case c == '{' || c == '[' || c == '(':
			open = append(open, closing(c))
		case c == '}' || c == ']' || c == ')':
			if len(open) == 0 || open[len(open)-1] != c {
				s.fail(s.at, s.at+1, "this closing "+string(c)+" matches no opening one")
				return false
			}
			open = open[:len(open)-1]
		}
		s.at++
		if len(open) == 0 {
			return true
		}
	}
	s.fail(start, start+1, "this "+string(s.src[start])+" is not closed")
	return false
}

func closing(c byte) byte {
	switch c {
	case '{':
		return '}'
	case '[':
		return ']'
	}
	return ')'
}

func isIdentifier(c byte, first bool) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 || !first && c >= '0' && c <= '9'
}

// identifier reads a name, or "".
func (s *scanner) identifier() string {
	start := s.at
	for s.at < len(s.src) && isIdentifier(s.src[s.at], s.at == start) {
		s.at++
	}
	return s.src[start:s.at]
}
