package object

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// chained is a source of credentials whose failures say what would be right.
type chained struct{ aws.CredentialsProvider }

func (p chained) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if p.CredentialsProvider == nil {
		return aws.Credentials{}, &credentialError{fmt.Errorf("the AWS chain is empty")}
	}
	creds, err := p.CredentialsProvider.Retrieve(ctx)
	if cached, ok := p.CredentialsProvider.(*aws.CredentialsCache); ok && err == nil {
		cached.Invalidate() // one cache is enough: ours decides when to ask again
	}
	if err != nil {
		return creds, &credentialError{err}
	}
	return creds, nil
}

type credentialError struct{ err error }

func (e *credentialError) Unwrap() error { return e.err }

func (e *credentialError) Error() string {
	hint := "give the pod's service account a Pod Identity association or an IAM role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	if s := e.err.Error(); strings.Contains(s, "169.254.169.254") || strings.Contains(strings.ToLower(s), "imds") {
		hint += "; the node's own role is out of reach of pods while the instance's IMDSv2 hop limit is 1"
	}
	return fmt.Sprintf("no AWS credentials: %s (%v)", hint, e.err)
}
