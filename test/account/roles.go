package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// role is one as IAM has it. Only its inline policies count: fusiongen attaches no other.
type role struct {
	name        string
	trust       policy.Document
	permissions []policy.Document
}

// role reads one by its ARN; without one it is nil.
func (a *Account) role(ctx context.Context, arn string) (*role, error) {
	name := aws.String(arn[strings.LastIndex(arn, "/")+1:])
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if missing := (*types.NoSuchEntityException)(nil); errors.As(err, &missing) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if aws.ToString(out.Role.Arn) != arn {
		return nil, nil
	}
	r := &role{name: *name}
	if r.trust, err = document(out.Role.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	list, err := a.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		return nil, err
	}
	for _, inline := range list.PolicyNames {
		p, err := a.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: &inline})
		if err != nil {
			return nil, err
		}
		d, err := document(p.PolicyDocument)
		if err != nil {
			return nil, err
		}
		r.permissions = append(r.permissions, d)
	}
	return r, nil
}

// clients are the audiences that the account's provider for an issuer takes.
func (a *Account) clients(ctx context.Context, issuer string) ([]string, error) {
	out, err := a.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String("arn:aws:iam::" + ID + ":oidc-provider/" + issuer)})
	if missing := (*types.NoSuchEntityException)(nil); errors.As(err, &missing) {
		return nil, invalid("No OpenIDConnect provider found in your account for https://%s", issuer)
	} else if err != nil {
		return nil, err
	}
	return out.ClientIDList, nil
}

func document(text *string) (policy.Document, error) {
	decoded, err := plain(aws.ToString(text))
	if err != nil {
		return policy.Document{}, err
	}
	return policy.Parse([]byte(decoded))
}

// plain is a document as it was put; IAM gives it URL-encoded, moto not always.
func plain(document string) (string, error) {
	if json.Valid([]byte(document)) {
		return document, nil
	}
	return url.PathUnescape(document)
}
