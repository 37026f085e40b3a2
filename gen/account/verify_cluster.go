package account

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// issuer is the cluster's own issuer without the scheme; "" where there is no such cluster.
func (a *Account) issuer(ctx context.Context, ws *schema.Workspace) (string, error) {
	out, err := a.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &ws.Cluster.Name})
	if code(err) == "ResourceNotFoundException" {
		return "", nil
	}
	if err != nil {
		return "", explain(err)
	}
	if out.Cluster.Identity == nil || out.Cluster.Identity.Oidc == nil {
		return "", nil
	}
	return strings.TrimPrefix(aws.ToString(out.Cluster.Identity.Oidc.Issuer), "https://"), nil
}

// associations checks that each account of a role has a Pod Identity association with it, with session tags: the trust
// policy asks for them.
func (v *verifier) associations(ctx context.Context, want gen.Role, path string) {
	partition, _ := facts.PartitionOf(v.ws.Cluster.Region) // Load has checked the region
	arn := partition.RoleARN(v.ws.Cluster.Account, strings.TrimPrefix(want.Path, "/")+want.Name)
	for _, account := range want.Accounts {
		subject := v.ws.Name + "/" + account
		have, err := v.association(ctx, account)
		switch {
		case err != nil:
			v.failed(err, path, subject, "whether the service account "+subject+" has a Pod Identity association")
		case have == nil:
			v.report("FG806", path, subject, "aws eks create-pod-identity-association --cluster-name "+v.ws.Cluster.Name+" --namespace "+v.ws.Name+" --service-account "+account+" --role-arn "+arn,
				"the service account %s has no Pod Identity association, so its pods have no credentials", subject)
		case aws.ToString(have.RoleArn) != arn:
			v.report("FG806", path, subject, "aws eks update-pod-identity-association with --role-arn "+arn, "the Pod Identity association of %s is with %s and not with %s", subject, aws.ToString(have.RoleArn), arn)
		case aws.ToBool(have.DisableSessionTags) || aws.ToString(have.Policy) != "":
			v.report("FG806", path, subject, "aws eks update-pod-identity-association with --no-disable-session-tags", "the Pod Identity association of %s sends no session tags, and the role's trust policy asks for them, so nobody can take the role", subject)
		}
	}
}

// association is the one of a service account, nil where it has none.
func (v *verifier) association(ctx context.Context, account string) (*types.PodIdentityAssociation, error) {
	list, err := v.eks.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: &v.ws.Cluster.Name, Namespace: &v.ws.Name, ServiceAccount: &account})
	if err != nil {
		return nil, explain(err)
	}
	if len(list.Associations) == 0 {
		return nil, nil // a service account has at most one
	}
	out, err := v.eks.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &v.ws.Cluster.Name, AssociationId: list.Associations[0].AssociationId})
	if err != nil {
		return nil, explain(err)
	}
	return out.Association, nil
}
