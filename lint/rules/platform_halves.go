package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

// checkTrusted: Platform assumes the role and tags the session in one call, so one principal needs both.
func checkTrusted(t *lint.Policy, report *lint.Reporter) {
	var assumed, tagged []*lint.Node
	for _, s := range t.Statements() {
		if s.Effect != "Allow" {
			continue
		}
		principals := s.Principal.Get("AWS").OneOrMore()
		if has(s, "sts:AssumeRole") != nil {
			assumed = append(assumed, principals...)
			if assumes(s) && nobody(s.Principal) {
				report.At(s.Node, "name Platform's role, or its account's, in Principal", "the statement asks for an External ID and lets no AWS principal in: Platform cannot assume the role")
			}
		}
		if has(s, "sts:TagSession") != nil {
			tagged = append(tagged, principals...)
			if nobody(s.Principal) {
				report.At(s.Node, "name the principal that may assume the role", "the statement lets no AWS principal tag its session: Platform cannot assume the role")
			}
		}
	}
	for _, n := range tagged {
		if len(assumed) > 0 && !among(n, assumed) {
			report.At(n, "name the principal that may assume the role", "%s may tag sessions of the role and not assume it: Platform does both in one call, and is refused", n.Value)
		}
	}
}

// nobody says whether a statement's Principal is there and empty.
func nobody(principal *lint.Node) bool {
	return principal != nil && principal.Kind == lint.Map && len(principal.Fields) == 0
}

// among says whether a principal is one of these, or may be.
func among(n *lint.Node, all []*lint.Node) bool {
	return n.Unknown() || slices.ContainsFunc(all, func(o *lint.Node) bool { return o.Unknown() || o.Value == n.Value || o.Value == "*" })
}

// checkClusterLookup: Platform lists the clusters, and describes that of the environment.
func checkClusterLookup(set *lint.Setup, report *lint.Reporter) {
	for _, p := range set.Permissions() {
		if !ofPlatform(p) {
			continue
		}
		for _, action := range [...]string{"eks:DescribeCluster", "eks:ListClusters"} {
			resources := allowedOn(p, action)
			if len(resources) == 0 {
				report.At(p.Get("Statement"), "allow "+action, "Platform finds the cluster by eks:ListClusters and eks:DescribeCluster, and %s is not allowed", action)
				continue
			}
			for _, e := range computeEnvs(set) {
				cluster := e.get("clusterName")
				if action == "eks:DescribeCluster" && cluster.Known() && !slices.ContainsFunc(resources, func(r *lint.Node) bool { return coversCluster(r, e) }) {
					report.At(resources[0], "name the cluster of the compute environment", "Platform may describe %s and not %s, the cluster of the compute environment", resources[0].Value, cluster.Value).See(cluster, "the compute environment")
					break
				}
			}
		}
	}
}

func allowedOn(p *lint.Policy, action string) []*lint.Node {
	var out []*lint.Node
	for _, s := range p.Statements() {
		if s.Effect == "Allow" && coversAction(s, action) {
			out = append(out, s.Resources...)
		}
	}
	return out
}

// coversCluster says whether a resource of a policy may be the environment's cluster.
func coversCluster(r *lint.Node, e computeEnv) bool {
	if r.Unknown() || r.Value == "*" {
		return true
	}
	region, parts := e.get("region"), strings.SplitN(r.Value, ":", 6)
	return len(parts) == 6 && lint.MatchPattern(parts[5], "cluster/"+e.get("clusterName").Text()) && (!region.Known() || lint.MatchPattern(parts[3], region.Value))
}
