package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var nfEndpointRegion = lint.Rule{
	ID: "FG526", Slug: "nf-endpoint-region", Severity: lint.Warning, Since: "0.1",
	Summary: "an S3 endpoint of one's own without a region",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, t := range taskPods(set) {
			n := t.Get("aws.client.endpoint")
			if n == nil || t.Get("aws.region") != nil || !t.whole() || t.elsewhere("aws.region") ||
				slices.ContainsFunc(t.heads(), func(h head) bool {
					return h.env("AWS_REGION") != nil || h.env("AWS_DEFAULT_REGION") != nil || h.open()
				}) {
				continue
			}
			report.At(n, "set aws.region", "requests to this endpoint are signed for a region that is guessed (environment, instance metadata): the store refuses the signature, or the run does not start")
		}
	},
}
