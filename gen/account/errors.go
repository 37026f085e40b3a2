package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Failure is a call that AWS did not answer with success.
type Failure struct {
	Action    string // the IAM action that the call needs: "iam:GetRole"
	Code      string // AWS error code; "" where AWS was not reached
	RequestID string
	Denied    bool // the caller may not do it
	err       error
	text      string
}

// Error is one sentence with the request id where there is one.
func (f *Failure) Error() string {
	if f.RequestID != "" {
		return f.text + " (request id " + f.RequestID + ")"
	}
	return f.text
}

func (f *Failure) Unwrap() error { return f.err }

// explain turns an error of the SDK into a Failure with one sentence about it.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	f := &Failure{Action: "AWS", err: err}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		f.Action = strings.ToLower(operation.Service()) + ":" + operation.Operation()
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		f.RequestID = response.ServiceRequestID()
	}
	message := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		f.Code, message = api.ErrorCode(), api.ErrorMessage()
	}
	oneOf := func(codes ...string) bool { return slices.Contains(codes, f.Code) }
	switch {
	case oneOf("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
		f.Denied = true
		f.text = fmt.Sprintf("%s is denied to these credentials: %s", f.Action, message)
	case oneOf("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		f.text = "the AWS credentials have expired: sign in again (aws sso login, or new keys)"
	case oneOf("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthFailure"):
		f.text = fmt.Sprintf("AWS does not accept these credentials at %s: %s", f.Action, message)
	case f.Code != "":
		f.text = fmt.Sprintf("%s: %s: %s", f.Action, f.Code, message)
	case strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "get identity"):
		f.text = fmt.Sprintf("no AWS credentials can be had (%s): set AWS_PROFILE, or sign in (aws sso login)", last(err))
	default:
		f.text = fmt.Sprintf("%s: no answer from AWS: %s", f.Action, last(err))
	}
	return f
}

// last is the innermost error's text: the SDK wraps it in the names of its parts.
func last(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// code is the AWS error code of an error, "" where it has none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
