package rules

import "github.com/fusiongen/fusiongen/lint"

var podIdentityAPI = lint.Rule{
	ID: "FG116", Slug: "pod-identity-api", Severity: lint.Error, Since: "0.1",
	Summary: "a PodIdentityAssociation has an API version that no controller serves",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, o := range set.Kind("PodIdentityAssociation") {
			if !podIdentityGroups[o.Group()] {
				report.At(o.Get("apiVersion"), "write eks.services.k8s.aws/v1alpha1 (ACK) or eks.aws.upbound.io/v1beta1 (Crossplane), or make it by eksctl or the AWS CLI",
					"no controller serves PodIdentityAssociation of %s (EKS itself has no such object), so the cluster refuses it and pods get no role", o.APIVersion)
			}
		}
	},
}

// podIdentityGroups serve PodIdentityAssociation. Source: aws-controllers-k8s/eks-controller v1.20.0; crossplane-contrib/provider-upjet-aws.
var podIdentityGroups = map[string]bool{"eks.services.k8s.aws": true, "eks.aws.upbound.io": true, "eks.aws.m.upbound.io": true, "eks.aws.crossplane.io": true}
