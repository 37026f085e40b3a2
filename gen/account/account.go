// Package account reads, checks and changes the live IAM roles of a workspace. It is the only package that talks to
// AWS: endpoint, credentials, profile and retries come from the SDK's own configuration chain.
package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/fusiongen/fusiongen/schema"
)

// Account is one AWS account, with the caller's credentials.
type Account struct {
	iam *iam.Client
	eks *eks.Client
	ID  string // 12 digits
	ARN string // who is calling
}

// Open signs in and makes sure that the credentials are of the workspace's account and partition. IAM is asked in the
// region of the chain, else in the cluster's; EKS in the cluster's.
func Open(ctx context.Context, ws *schema.Workspace) (*Account, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion(ws.Cluster.Region))
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	me, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return nil, explain(err)
	}
	a := &Account{ID: aws.ToString(me.Account), ARN: aws.ToString(me.Arn)}
	if a.ID != ws.Cluster.Account {
		return nil, &Wrong{fmt.Sprintf("these credentials are of the account %s (%s), and the spec's cluster.account is %s: choose a profile of that account with AWS_PROFILE", a.ID, a.ARN, ws.Cluster.Account)}
	}
	if parts := strings.Split(a.ARN, ":"); len(parts) > 1 && parts[1] != ws.Cluster.Partition {
		return nil, &Wrong{fmt.Sprintf("these credentials are of the partition %s (%s), and %s is in %s", parts[1], a.ARN, ws.Cluster.Region, ws.Cluster.Partition)}
	}
	a.iam = iam.NewFromConfig(cfg)
	a.eks = eks.NewFromConfig(cfg, func(o *eks.Options) { o.Region = ws.Cluster.Region })
	return a, nil
}

// Wrong is something in the account that the user has to decide about; nothing was changed.
type Wrong struct{ Text string }

func (w *Wrong) Error() string { return w.Text }
