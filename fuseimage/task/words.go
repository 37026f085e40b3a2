package task

import "strings"

// commands splits one line of shell into its simple commands (at ;, & and |) and those into words,
// undoing backslashes and quotes. Expansions stay as they are written. A line with an open quote
// has no commands.
func commands(line string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	open := false // a word has begun, perhaps an empty one
	endWord := func() {
		if open {
			words = append(words, word.String())
		}
		word.Reset()
		open = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			all = append(all, words)
		}
		words = nil
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			open = true
		case c == '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil
			}
			word.WriteString(line[i+1 : i+1+end])
			i += 1 + end
			open = true
		case c == '"':
			n, ok := doubleQuoted(line[i+1:], &word)
			if !ok {
				return nil
			}
			i += n
			open = true
		case c == ' ' || c == '\t':
			endWord()
		case c == ';' || c == '&' || c == '|':
			endCommand()
		case c == '#' && !open:
			endCommand()
			return all
		default:
			word.WriteByte(c)
			open = true
		}
	}
	endCommand()
	return all
}

// doubleQuoted appends what stands before the closing quote and returns the bytes read, quote included.
func doubleQuoted(text string, word *strings.Builder) (int, bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, true
		case c == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`", text[i+1]) >= 0:
			i++
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
	}
	return 0, false
}
