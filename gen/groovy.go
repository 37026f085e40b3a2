package gen

import (
	"strconv"
	"strings"
)

// setting is one line of nextflow.config, or a block of them. Values are Groovy literals that both of Nextflow's
// config parsers read alike.
type setting struct {
	name  string
	value string    // literal; "" for a block
	block []setting // in order
	note  string    // comment above it
}

// printSettings writes settings as text, four spaces a level.
func printSettings(settings []setting) string {
	var out strings.Builder
	writeSettings(&out, settings, "")
	return out.String()
}

func writeSettings(out *strings.Builder, settings []setting, indent string) {
	for _, s := range settings {
		if s.note != "" {
			out.WriteString(indent + "// " + s.note + "\n")
		}
		if s.block == nil {
			out.WriteString(indent + s.name + " = " + s.value + "\n")
			continue
		}
		out.WriteString(indent + s.name + " {\n")
		writeSettings(out, s.block, indent+"    ")
		out.WriteString(indent + "}\n")
	}
}

// text is a Groovy string without interpolation: only quotes, backslashes and control characters need an escape.
func text(s string) string {
	var out strings.Builder
	out.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			hex := strconv.FormatInt(int64(r), 16)
			out.WriteString(`\u` + strings.Repeat("0", 4-len(hex)) + hex)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('\'')
	return out.String()
}

// pair is one entry of a map literal.
type pair struct{ key, value string }

// mapping is a Groovy map literal; every key is quoted where it is no plain name.
func mapping(pairs ...pair) string {
	if len(pairs) == 0 {
		return "[:]"
	}
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		key := p.key
		if strings.ContainsFunc(key, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') }) {
			key = text(key)
		}
		parts[i] = key + ": " + p.value
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// list is a Groovy list literal, an element a line.
func list(elements []string, indent string) string {
	return "[\n" + indent + "    " + strings.Join(elements, ",\n"+indent+"    ") + "\n" + indent + "]"
}
