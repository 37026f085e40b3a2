package rules

import (
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var trustProvider = lint.Rule{
	ID: "FG219", Slug: "trust-provider", Severity: lint.Error, Since: "0.1",
	Summary: "a trust policy's principal is no OIDC provider of an EKS cluster",
	Check:   checkProviders,
}

func checkProviders(set *lint.Setup, report *lint.Reporter) {
	for _, w := range webs(set) {
		checkProvider(report, w.Provider)
	}
	for _, p := range set.Trusts() {
		for _, s := range p.Statements() {
			for _, n := range s.Principal.Get("AWS").OneOrMore() {
				if strings.Contains(n.Value, ":oidc-provider/") {
					f := report.At(n, `write "Federated" in place of "AWS"`, "an OIDC provider is a federated principal, not one of AWS, so %s", refused)
					if key := s.Principal.Field("AWS"); len(s.Principal.Fields) == 1 {
						f.Safe(replace(key.Key, "Federated")...)
					}
				}
			}
		}
	}
	for _, o := range set.Kind("OpenIDConnectProvider") {
		for _, n := range []*lint.Node{o.Get("spec", "url"), o.Get("spec", "forProvider", "url")} {
			if n.Known() && (!strings.HasPrefix(n.Value, "https://") || strings.HasSuffix(n.Value, "/")) {
				right := "https://" + bareIssuer(n.Value)
				report.At(n, "write "+right, "the issuer of a cluster is an https URL without a slash behind: IAM finds no provider for the cluster's tokens by %s", n.Value).Safe(replace(n, right)...)
			}
		}
	}
}

var (
	providerARN = regex.Lazy(`^arn:aws[a-z-]*:iam::(\d{12}):oidc-provider/(.+)$`)
	swapped     = regex.Lazy(`^oidc\.[a-z0-9-]+\.eks\.`)
	scheme      = regex.Lazy(`^[a-z]*://`)
	clusterID   = regex.Lazy(`^[0-9A-F]{32}$|^EXAMPLE[0-9A-Z]*$|EXAMPLE$`)
)

// bareIssuer is an issuer as a provider's ARN has it: without scheme and without a slash behind.
func bareIssuer(issuer string) string {
	return strings.TrimSuffix(scheme().ReplaceAllString(issuer, ""), "/")
}

func checkProvider(report *lint.Reporter, n *lint.Node) {
	if !n.Known() {
		return
	}
	m := providerARN().FindStringSubmatch(n.Value)
	if m == nil {
		f := report.At(n, "write arn:aws:iam::ACCOUNT:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID", "%q is no ARN of an OIDC provider%s, so %s", n.Value, whyNoProvider(n.Value), refused)
		if rest, ok := strings.CutPrefix(n.Value, "https://"); ok {
			f.Hint = "write arn:aws:iam::ACCOUNT:oidc-provider/" + rest
		}
		return
	}
	issuer := m[2]
	if right := bareIssuer(issuer); right != issuer {
		fixed := strings.TrimSuffix(n.Value, issuer) + right
		report.At(n, "write "+fixed, "the name of an OIDC provider is the issuer without scheme and without a slash behind: none is named %s, so no pod can take the role", issuer).Safe(replace(n, fixed)...)
		return
	}
	region, id, ok := lint.EKSIssuer(issuer)
	if !ok {
		report.At(n, "write oidc.eks.REGION.amazonaws.com/id/ID, as aws eks describe-cluster gives it", "%s is no issuer of an EKS cluster%s, so no token has it and no pod can take the role", issuer, whyNoIssuer(issuer))
		return
	}
	p, known := facts.PartitionOf(region)
	switch {
	case !known && !strings.HasPrefix(region, "us-iso") && !strings.HasPrefix(region, "eusc"):
		report.At(n, "write the cluster's region", "AWS has no region %s, so no cluster has this issuer", region)
	case known && !strings.HasPrefix(issuer, "oidc.eks."+region+"."+p.DNSSuffix+"/"):
		report.At(n, "write oidc.eks."+region+"."+p.DNSSuffix+"/id/"+id, "clusters of %s have issuers below %s, so no token has this one", region, p.DNSSuffix)
	case !clusterID().MatchString(id):
		report.At(n, "copy the id from aws eks describe-cluster", "an issuer's id has 32 digits and letters A to F, and %s does not: is it the cluster's name?", id).As(lint.Warning)
	}
}

func whyNoProvider(v string) string {
	switch {
	case strings.Contains(v, "://"):
		return " but a URL"
	case strings.HasPrefix(v, "oidc"):
		return " but an issuer"
	case strings.Contains(v, ":saml-provider/"):
		return " but of a SAML provider"
	case strings.Contains(v, ":oidc-provider/"):
		return " (an account has twelve digits)"
	}
	return ""
}

func whyNoIssuer(issuer string) string {
	switch {
	case strings.Contains(issuer, ".api.aws"):
		return " (tokens keep the issuer below amazonaws.com, in dual-stack clusters, too)"
	case swapped().MatchString(issuer):
		return " (eks stands before the region)"
	}
	return ""
}
