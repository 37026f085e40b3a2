package lint

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// block is a fenced code block of a Markdown page.
type block struct {
	text
	lang string // the first word of its info string, in lower case
}

// fences are the fenced code blocks of a page, each with the places of its lines in the page.
func fences(f *File) []block {
	var out []block
	doc := goldmark.DefaultParser().Parse(gmtext.NewReader(f.Src))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		code, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		var content bytes.Buffer
		b := block{text: text{file: f}, lang: strings.ToLower(string(code.Language(f.Src)))}
		for i := range code.Lines().Len() {
			segment := code.Lines().At(i)
			b.own = append(b.own, content.Len())
			b.at = append(b.at, segment.Start)
			// Padding are the columns of a tab that the block's own indentation used up.
			content.WriteString(strings.Repeat(" ", segment.Padding))
			content.Write(segment.Value(f.Src)[segment.Padding:])
		}
		if len(b.own) > 0 {
			b.src = content.Bytes()
			out = append(out, b)
		}
		return ast.WalkContinue, nil
	}) // the visitor returns no error
	return out
}
