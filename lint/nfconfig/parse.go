package nfconfig

import "strings"

// Parse reads a configuration. What stands before, between and after mistakes is still read.
func Parse(src []byte) (*File, []Error) {
	p := parser{scanner: scanner{src: string(src)}, file: &File{}}
	p.statements(scope{}, 0)
	for p.at < len(p.src) { // a closing brace too many
		p.fail(p.at, p.at+1, "this } closes nothing")
		p.at++
		p.statements(scope{}, 0)
	}
	return p.file, p.errors
}

type parser struct {
	scanner
	file *File
	cut  bool // the text ends too early, and that is said
}

// scope is where a statement stands.
type scope struct {
	path     []string
	profile  string
	selector string
}

// inProfiles says whether the blocks here are profiles.
func (c scope) inProfiles() bool {
	return len(c.path) == 1 && c.path[0] == "profiles" && c.profile == ""
}

// enter is the scope inside of a block.
func (c scope) enter(names []string) scope {
	for _, name := range names {
		if c.inProfiles() {
			c = scope{profile: name}
			continue
		}
		c.path = append(c.path[:len(c.path):len(c.path)], name)
	}
	return c
}

// statements reads up to the closing brace of the block, or the end.
func (p *parser) statements(c scope, depth int) {
	for {
		p.blanks(true)
		if p.at >= len(p.src) || p.peek() == '}' {
			return
		}
		start := p.at
		p.statement(c, depth)
		if p.at == start {
			p.at++ // nothing fits: an error stands for it
		}
	}
}

func (p *parser) statement(c scope, depth int) {
	start := p.at
	if p.keyword() {
		p.opaque(start)
		return
	}
	names, ok := p.path()
	if !ok {
		p.opaque(start)
		return
	}
	keyEnd := p.at
	p.toBrace()
	switch {
	case p.peek() == '=' && !p.has("==") && !p.has("=~"):
		p.at++
		p.blanks(true)
		p.assignment(c, names, start, keyEnd)
	case p.peek() == '{':
		p.block(c.enter(names), start, depth)
	case p.peek() == ':' && len(names) == 1 && strings.HasPrefix(names[0], "with"):
		p.at++
		p.blanks(false)
		p.selector(c, names[0], start, depth)
	case len(names) == 1 && names[0] == "includeConfig":
		if v, ok := p.value(0); ok {
			p.file.Includes = append(p.file.Includes, Include{c.profile, v})
		} else {
			p.toLineEnd()
		}
	case len(names) == 1 && names[0] == "id" && len(c.path) == 1 && c.path[0] == "plugins":
		if v, ok := p.value(0); ok {
			p.file.Plugins = append(p.file.Plugins, v)
		} else {
			p.toLineEnd()
		}
	default:
		p.at = start
		p.opaque(start)
	}
}

// toBrace skips blanks, and line ends where a block begins behind them.
func (p *parser) toBrace() {
	p.blanks(false)
	if p.peek() != '\n' {
		return
	}
	at := p.at
	if p.blanks(true); p.peek() != '{' {
		p.at = at
	}
}

// keyword says whether a statement of legacy configurations stands here, and does not move.
func (p *parser) keyword() bool {
	at := p.at
	defer func() { p.at = at }()
	switch word := p.identifier(); word {
	case "if", "else", "for", "while", "try", "catch", "finally", "def", "import", "return", "switch":
		c := p.peek()
		return c != '.' && c != '=' // a setting may be called so
	}
	return false
}

// path reads a dotted name: process.memory, 'process'.memory, $foo.
func (p *parser) path() ([]string, bool) {
	var names []string
	for {
		if q := p.quote(); q != "" {
			text, dynamic, ok := p.stringLiteral(q)
			if !ok || dynamic {
				return nil, false
			}
			names = append(names, text)
		} else {
			dollar := ""
			if p.peek() == '$' { // the executor of a scope, or a process selector of old
				dollar = "$"
				p.at++
			}
			name := p.identifier()
			if name == "" {
				return nil, false
			}
			names = append(names, dollar+name)
		}
		end := p.at
		p.blanks(false)
		if p.peek() != '.' {
			p.at = end
			return names, true
		}
		p.at++
		p.blanks(false)
	}
}

func (p *parser) assignment(c scope, names []string, start, keyEnd int) {
	if p.at >= len(p.src) || p.peek() == '}' {
		p.fail(start, keyEnd, "a value is missing after =")
		return
	}
	v, ok := p.value(0)
	if !ok {
		p.toLineEnd()
		return
	}
	inner := c.enter(names)
	p.file.Settings = append(p.file.Settings, Setting{
		Name: strings.Join(inner.path, "."), Profile: inner.profile, Selector: c.selector, Value: v,
		KeyStart: start, KeyEnd: keyEnd, Start: start, End: v.End,
	})
}

func (p *parser) block(inner scope, start, depth int) {
	if depth > maxDepth {
		p.fail(start, p.at, "blocks nested deeper than 200 levels")
		p.at, p.cut = len(p.src), true
		return
	}
	open := p.at
	p.at++
	i := len(p.file.Blocks)
	p.file.Blocks = append(p.file.Blocks, Block{Name: strings.Join(inner.path, "."), Profile: inner.profile, Selector: inner.selector, Start: start, Inside: p.at})
	p.statements(inner, depth+1)
	if p.peek() != '}' {
		if !p.cut { // the innermost speaks for those around it
			p.fail(open, open+1, "this { is not closed")
		}
		p.cut = true
		return
	}
	p.at++
	p.file.Blocks[i].End = p.at
}

// selector reads what stands behind withName: or withLabel:.
func (p *parser) selector(c scope, kind string, start, depth int) {
	from := p.at
	var pattern string
	if q := p.quote(); q != "" {
		text, _, ok := p.stringLiteral(q)
		if !ok {
			p.toLineEnd()
			return
		}
		pattern = text
	} else {
		for p.at < len(p.src) && (isIdentifier(p.peek(), false) || strings.IndexByte(".*:!|", p.peek()) >= 0) {
			p.at++
		}
		pattern = p.src[from:p.at]
	}
	p.blanks(true)
	if pattern == "" || p.peek() != '{' {
		p.fail(start, p.at, kind+": needs a name and a block in braces")
		if p.peek() != '{' || !p.balanced() {
			p.toLineEnd()
		}
		return
	}
	c.selector = kind + ":" + pattern
	p.block(c, start, depth)
}

// opaque keeps a statement of legacy configurations (def, if, a call) as text; anything else is a mistake.
func (p *parser) opaque(start int) {
	p.at = start
	if !p.keyword() {
		if !p.call() {
			p.at = start
			p.toLineEnd()
			p.fail(start, p.at, "this is no setting: expected NAME = VALUE, NAME { … } or includeConfig 'FILE'")
			return
		}
		p.at = start
	}
	p.file.Opaque++
	for p.at < len(p.src) && p.peek() != '\n' && p.peek() != ';' && p.peek() != '}' {
		switch c := p.peek(); {
		case c == '{' || c == '(' || c == '[':
			if !p.balanced() {
				return
			}
		case p.quote() != "":
			if _, _, ok := p.stringLiteral(p.quote()); !ok {
				return
			}
		case p.has("//"), p.has("/*"):
			p.blanks(false)
		default:
			p.at++
		}
	}
}

// call says whether a method call stands here: a.b(…), System.setProperty('a', 'b').
func (p *parser) call() bool {
	if _, ok := p.path(); !ok {
		return false
	}
	return p.peek() == '('
}
