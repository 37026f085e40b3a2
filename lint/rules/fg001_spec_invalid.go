package rules

import "github.com/fusiongen/fusiongen/lint"

var specInvalid = lint.Rule{
	ID: "FG001", Slug: "spec-invalid", Severity: lint.Error, Since: "0.1",
	Summary: "a workspace spec is not what the schema allows",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, spec := range set.Specs {
			for _, d := range spec.Diagnostics {
				at := spec.File.Offset(d.Pos.Line, d.Pos.Column)
				hint := d.Hint
				if hint == "" {
					hint = "mend the spec: fusiongen build refuses it"
				}
				message := d.Message
				if d.Path != "" {
					message = d.Path + ": " + message
				}
				report.Bytes(spec.File, at, at, d.Path, hint, "%s", message)
			}
		}
	},
}
