package rules

import (
	"path"

	"github.com/fusiongen/fusiongen/lint"
)

var generatedEdited = lint.Rule{
	ID: "FG605", Slug: "generated-edited", Severity: lint.Warning, Since: "0.1",
	Summary: "a generated file was changed by hand",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for f, dir := range set.Edited() {
			report.Bytes(f, 0, 0, f.Name, "make the change in the spec and build again; or build with --force to lose it",
				"this file is not as fusiongen generated it (%s): the next build stops at it", path.Join(dir, ".fusiongen.sum"))
		}
	},
}
