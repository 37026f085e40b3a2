package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var iamPartition = lint.Rule{
	ID: "FG208", Slug: "iam-partition", Severity: lint.Error, Since: "0.1",
	Summary: "an ARN is of another AWS partition than the region",
	Check:   checkPartition,
}

var regional = regex.Lazy(`^arn:([a-z-]+):([a-z0-9-]+):([a-z0-9-]*):`)

func checkPartition(set *lint.Setup, report *lint.Reporter) {
	check := func(n *lint.Node, where map[string]*lint.Node) {
		m := regional().FindStringSubmatch(n.Value)
		if m == nil {
			return
		}
		region, reason := m[3], (*lint.Node)(nil)
		if _, issuer, ok := strings.Cut(n.Value, ":oidc-provider/"); ok {
			region, _, _ = lint.EKSIssuer(issuer)
		}
		if region == "" {
			region, reason = only(where)
		}
		p, ok := facts.PartitionOf(region)
		if !ok || p.Name == m[1] {
			return
		}
		fixed := "arn:" + p.Name + strings.TrimPrefix(n.Value, "arn:"+m[1])
		report.At(n, "write "+fixed, "this ARN is of the partition %s, but the region %s is of %s: it names nothing there, and AWS refuses it", m[1], region, p.Name).
			See(reason, "the region").Safe(replace(n, fixed)...)
	}
	all := regions(set, "")
	for _, p := range set.Policies {
		here := regions(set, p.Dir)
		if len(here) == 0 {
			here = all
		}
		for _, s := range p.Statements() {
			for _, n := range slices.Concat(s.Resources, s.Principal.Get("Federated").OneOrMore()) {
				check(n, here)
			}
		}
	}
	for _, sa := range set.Kind("ServiceAccount") {
		if n := sa.Get("metadata", "annotations", lint.RoleAnnotation); n != nil {
			check(n, all)
		}
	}
	for _, v := range set.Views() {
		if n := v.Get("aws.client.storageKmsKeyId"); n != nil {
			check(n, nil)
		}
	}
}

// regions are the partitions that the set-up speaks of, each with a region of it and where that stands: those of its
// configurations and trust policies, or of the trust policies of one directory.
func regions(set *lint.Setup, dir string) map[string]*lint.Node {
	out := map[string]*lint.Node{}
	add := func(region string, at *lint.Node) {
		if _, ok := facts.PartitionOf(region); ok && out[region] == nil {
			out[region] = at
		}
	}
	for _, w := range webs(set) {
		if region, _, ok := lint.EKSIssuer(w.Issuer); ok && (dir == "" || w.Policy.Dir == dir) {
			add(region, w.Provider)
		}
	}
	if dir != "" {
		return out
	}
	for _, v := range set.Views() {
		if n := v.Get("aws.region"); n.Known() {
			add(n.Value, n)
		}
	}
	for _, o := range set.Kind("ClusterConfig") {
		if n := o.Get("metadata", "region"); n.Known() {
			add(n.Value, n)
		}
	}
	return out
}

// only is the first region of them, if all are of one partition; else "".
func only(regions map[string]*lint.Node) (string, *lint.Node) {
	partition, first := "", ""
	for _, region := range slices.Sorted(maps.Keys(regions)) {
		p, _ := facts.PartitionOf(region)
		if partition != "" && p.Name != partition {
			return "", nil
		}
		if partition == "" {
			partition, first = p.Name, region
		}
	}
	return first, regions[first]
}
