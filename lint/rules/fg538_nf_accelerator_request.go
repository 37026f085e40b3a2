package rules

import "github.com/fusiongen/fusiongen/lint"

var nfAcceleratorRequest = lint.Rule{
	ID: "FG538", Slug: "nf-accelerator-request", Severity: lint.Error, Since: "0.1",
	Summary: "an accelerator with a request and no limit, which Kubernetes refuses",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			for _, s := range t.directives("accelerator") {
				request := s.Value.Get("request")
				if request != nil && s.Value.Get("limit") == nil {
					report.At(request, "write accelerator = N, or limit: N", "Nextflow makes this a request without a limit, and Kubernetes refuses that for devices (\"Limit must be set for non overcommitable resources\"): no such task starts")
				}
			}
		}
	},
}
