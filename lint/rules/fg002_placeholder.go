package rules

import "github.com/fusiongen/fusiongen/lint"

var placeholderLeft = lint.Rule{
	ID: "FG002", Slug: "placeholder", Severity: lint.Error, Since: "0.1",
	Summary: "a word that a guide left for the reader to replace still stands",
	Check:   checkPlaceholders,
}

// checkPlaceholders reports each word once in a document; in a Markdown page it is a hint, for a page is written to be read.
func checkPlaceholders(set *lint.Setup, report *lint.Reporter) {
	for _, root := range set.Roots() {
		seen := map[string]bool{}
		root.Walk(func(_ string, n *lint.Node) {
			word := lint.Placeholder(n.Value)
			if n.Kind != lint.String || word == "" || seen[word] {
				return
			}
			seen[word] = true
			f := report.At(n, "write the value of this cluster and account", "%s is a placeholder: what AWS, Kubernetes or Nextflow makes of it fails or grants nothing", word)
			if set.Page {
				f.As(lint.Hint)
			}
		})
	}
}
