package rules

import "github.com/fusiongen/fusiongen/lint"

var nfEntrypointOverride = lint.Rule{
	ID: "FG525", Slug: "nf-entrypoint-override", Severity: lint.Hint, Since: "0.1",
	Summary: "the head uses NXF_CONTAINER_ENTRYPOINT_OVERRIDE, which is deprecated",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, h := range headContainers(set) {
			if n := h.env("NXF_CONTAINER_ENTRYPOINT_OVERRIDE"); n.IsTrue() || n.Text() == "true" {
				report.At(n, "give the images an entrypoint that ends in exec \"$@\", then remove the variable", "NXF_CONTAINER_ENTRYPOINT_OVERRIDE is deprecated since Nextflow 22.10: a later release may put Fusion behind the images' entrypoints again")
			}
		}
	},
}
