package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var nodeObjectInvalid = lint.Rule{
	ID: "FG715", Slug: "node-object-invalid", Severity: lint.Error, Since: "0.1",
	Summary: "an object of Karpenter that its schema refuses",
	Check:   checkNodeObjectInvalid,
}

var karpenterDuration = regex.Lazy(`^(?:Never|([0-9]+(s|m|h))+)$`)

// restrictedKeys are the labels of Karpenter's own domains that requirements may name (karpenter.sh v1 labels;
// karpenter.k8s.aws and eks.amazonaws.com instance labels begin with instance-).
var restrictedKeys = []string{"karpenter.sh/capacity-type", "karpenter.sh/nodepool", "karpenter.k8s.aws/ec2nodeclass", "karpenter.k8s.aws/capacity-reservation-id", "karpenter.k8s.aws/capacity-reservation-type",
	"karpenter.k8s.aws/instance-tenancy", "eks.amazonaws.com/capacity-type", "eks.amazonaws.com/nodeclass", "eks.amazonaws.com/compute-type", "eks.amazonaws.com/nodegroup"}

func checkNodeObjectInvalid(set *lint.Setup, report *lint.Reporter) {
	for _, p := range pools(set) {
		checkRequirements(p.Object, p.Get("spec", "template", "spec", "requirements"), report)
		if ref := p.spec().Get("nodeClassRef"); ref != nil && !strings.HasSuffix(p.APIVersion, "v1beta1") {
			for _, key := range [...]string{"group", "kind", "name"} {
				if ref.Get(key) == nil {
					report.At(ref, "write "+key, "nodeClassRef lacks %s: the API server refuses the pool %s", key, p.Name)
				}
			}
		}
		for _, n := range []*lint.Node{p.spec().Get("expireAfter"), p.spec().Get("terminationGracePeriod"), p.Get("spec", "disruption", "consolidateAfter")} {
			if n.Known() && !karpenterDuration().MatchString(n.Value) {
				report.At(n, "write a duration in s, m and h, such as 720h", "%q is no duration: the API server refuses the pool %s", n.Value, p.Name)
			}
		}
		if n := p.Get("spec", "disruption", "consolidationPolicy"); n.Known() && !slices.Contains([]string{"WhenEmpty", "WhenEmptyOrUnderutilized", "WhenUnderutilized"}, n.Value) {
			report.At(n, "write WhenEmpty or WhenEmptyOrUnderutilized", "%q is no consolidation policy: the API server refuses the pool %s", n.Value, p.Name)
		}
	}
	for _, o := range set.Kind("NodeOverlay") {
		checkRequirements(o, o.Get("spec", "requirements"), report)
	}
	for _, o := range set.Kind("EC2NodeClass") {
		if o.Group() != "karpenter.k8s.aws" || o.Get("spec").Unknown() {
			continue
		}
		var lacks []string
		if o.Get("spec", "role") == nil && o.Get("spec", "instanceProfile") == nil {
			lacks = append(lacks, "role")
		}
		for _, terms := range [...]string{"subnetSelectorTerms", "securityGroupSelectorTerms", "amiSelectorTerms"} {
			list := o.Get("spec", terms)
			empty := slices.ContainsFunc(list.List(), func(n *lint.Node) bool { return n.Kind != lint.Map || len(n.Fields) == 0 })
			if (len(list.List()) == 0 || empty) && !(terms == "amiSelectorTerms" && strings.HasSuffix(o.APIVersion, "beta1")) {
				lacks = append(lacks, terms)
			}
		}
		if len(lacks) > 0 {
			report.At(o.NameNode(), "write them", "the EC2NodeClass %s lacks %s: the API server refuses it, and Karpenter starts no node with it", o.Name, strings.Join(lacks, ", "))
		}
	}
}

func checkRequirements(o *lint.Object, list *lint.Node, report *lint.Reporter) {
	for _, r := range requirementsOf(list) {
		key := r.Get("key")
		bad := func(n *lint.Node, hint, why string) {
			if n == nil {
				n = r.Node
			}
			report.At(n, hint, "%s: the API server refuses %s", why, o.ID())
		}
		domain, name, _ := strings.Cut(r.Key, "/")
		switch {
		case key.Unknown() || r.Get("operator").Unknown():
		case key == nil || r.Get("operator") == nil:
			bad(nil, "write key and operator", "a requirement lacks its key or operator")
		case !slices.Contains([]string{"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"}, r.Operator):
			bad(r.Get("operator"), "write In, NotIn, Exists, DoesNotExist, Gt or Lt", "the requirement's operator is none")
		case (r.Operator == "In") && len(r.Get("values").List()) == 0:
			bad(nil, "write values", "a requirement with In has no values")
		case strings.HasPrefix(r.Operator, "G") || strings.HasPrefix(r.Operator, "L"):
			if _, err := strconv.Atoi(strings.Join(r.Values, " ")); err != nil && r.Known {
				bad(r.Get("values"), "write one whole number, in quotes", "a requirement with "+r.Operator+" needs one whole number")
			}
		case (domain == "karpenter.sh" || domain == "karpenter.k8s.aws" || domain == "eks.amazonaws.com") && !strings.HasPrefix(name, "instance-") && !slices.Contains(restrictedKeys, r.Key):
			bad(key, "write a label that Karpenter knows", "the domain "+domain+" has no label "+name)
		}
		if r.Key == "karpenter.sh/capacity-type" && r.Known && len(r.Values) > 0 && !slices.ContainsFunc(r.Values, func(v string) bool { return v == "spot" || v == "on-demand" || v == "reserved" }) {
			bad(r.Get("values"), "write spot, on-demand or reserved", "no capacity type is called so")
		}
	}
}
