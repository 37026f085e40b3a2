package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var regionMismatch = lint.Rule{
	ID: "FG225", Slug: "region-mismatch", Severity: lint.Warning, Since: "0.1",
	Summary: "the configuration names another region than the cluster's, or none that AWS has",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		clusters := map[string]*lint.Node{}
		for _, w := range webs(set) {
			if region, _, ok := lint.EKSIssuer(w.Issuer); ok {
				clusters[region] = w.Provider
			}
		}
		for _, h := range headContainers(set) {
			if n := h.env("AWS_REGION"); n.Known() && n.Kind == lint.String && !isRegion(n.Value) {
				report.At(n, "write a region such as eu-west-1", "AWS has no region %q, and the head asks STS there for its role's credentials: it gets none, and every call to S3 fails", n.Value).As(lint.Error)
			}
		}
		for _, v := range set.Views() {
			n := v.Get("aws.region")
			if !n.Known() || v.Get("aws.client.endpoint") != nil {
				continue // another S3 service has regions of its own
			}
			if !isRegion(n.Value) {
				hint := "write a region such as eu-west-1"
				if near := schema.Suggest(n.Value, slices.Sorted(maps.Keys(clusters))); near != "" {
					hint = "write " + near
				}
				report.At(n, hint, "AWS has no region %q, so every call to S3 fails", n.Value).As(lint.Error)
				continue
			}
			if len(clusters) > 0 && clusters[n.Value] == nil {
				region := slices.Sorted(maps.Keys(clusters))[0]
				report.At(n, "write "+region+", where the cluster is, and use buckets there", "the run uses S3 in %s, but the cluster is in %s: every byte crosses regions, which is slow and is billed, or one of the two is wrong", n.Value, region).
					See(clusters[region], "the cluster's provider")
			}
		}
	},
}

// isRegion says whether a region is one of AWS, also of the partitions without public documentation.
func isRegion(name string) bool {
	_, ok := facts.PartitionOf(name)
	return ok || strings.HasPrefix(name, "us-iso") || strings.HasPrefix(name, "eusc")
}
