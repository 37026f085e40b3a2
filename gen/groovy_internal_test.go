package gen

import (
	"strconv"
	"strings"
	"testing"
)

// FuzzGroovy: whatever the text, its literal is one line that ends where it should and reads back as the text.
func FuzzGroovy(f *testing.F) {
	for _, s := range []string{"", "it's", `\`, "a\nb", "\x00\x1f\x7f", "日本", "${x}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ToValidUTF8(s, "") != s {
			return // a spec is valid UTF-8
		}
		if got := unquote(t, text(s)); got != s {
			t.Errorf("%q is printed as %s, which reads %q", s, text(s), got)
		}
	})
}

// unquote reads a single-quoted Groovy string as the language specification (§ 4.2) has it.
func unquote(t *testing.T, literal string) string {
	t.Helper()
	body, ok := strings.CutPrefix(literal, "'")
	body, end := strings.CutSuffix(body, "'")
	if !ok || !end || strings.ContainsAny(body, "\n\r") {
		t.Fatalf("%q is no literal", literal)
	}
	var out strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] == '\'' {
			t.Fatalf("%q ends early", literal)
		}
		if body[i] != '\\' {
			out.WriteByte(body[i])
			continue
		}
		i++
		switch body[i] {
		case 'n':
			out.WriteByte('\n')
		case 'r':
			out.WriteByte('\r')
		case 't':
			out.WriteByte('\t')
		case 'u':
			n, err := strconv.ParseUint(body[i+1:i+5], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteRune(rune(n))
			i += 4
		default:
			out.WriteByte(body[i])
		}
	}
	return out.String()
}
