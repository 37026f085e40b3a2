package object

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// A verdict says what to do after a failed attempt.
type verdict int

const (
	permanent verdict = iota // the same request would fail again
	transient                // network, 5xx: again after a pause
	stalled                  // silent connection: again at once, then as transient
	throttled                // again after a longer pause, with fewer requests
	doubtful                 // bytes did not match: again, a few times
	expired                  // again with fresh credentials
	skewed                   // again with the server's clock, which the SDK has noted
	elsewhere                // again in the bucket's region
)

var errStalled = errors.New("the connection was silent for too long")

// errFinal marks an error of the caller's own (a sink), which no retry heals.
type errFinal struct{ error }

func (e errFinal) Unwrap() error { return e.error }

func judge(op string, err error) verdict {
	status, code, _ := reply(err)
	var final errFinal
	switch {
	case err == nil, errors.As(err, &final), errors.Is(err, ErrChanged):
		return permanent
	case errors.Is(err, errStalled):
		return stalled
	case errors.Is(err, ErrCorrupt):
		return doubtful
	case errors.Is(err, errWeakened):
		return stalled // at once
	}
	switch code {
	case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable", "Busy":
		return throttled
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return expired
	case "RequestTimeTooSkewed":
		return skewed
	case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return elsewhere
	case "BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody", "XAmzContentSHA256Mismatch":
		return doubtful
	case "RequestTimeout", "InternalError", "OperationAborted", "ConditionalRequestConflict":
		return transient
	}
	switch {
	case status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect:
		return elsewhere
	case status == http.StatusBadRequest && op == opHead:
		return expired // a HEAD has no body to say so
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return throttled
	case status >= 500 && status != http.StatusNotImplemented, status == http.StatusRequestTimeout:
		return transient
	case status >= 300:
		return permanent
	}
	if credential := (*credentialError)(nil); errors.As(err, &credential) {
		return doubtful
	}
	return transient // no reply, or one cut short
}

// reply takes the HTTP status, the S3 code and the request id out of an error.
func reply(err error) (status int, code, id string) {
	if own := (*refusalError)(nil); errors.As(err, &own) {
		return own.status, own.code, own.id
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		status, id = resp.HTTPStatusCode(), resp.ServiceRequestID()
	}
	return status, code, id
}

func regionOf(err error) string {
	if own := (*refusalError)(nil); errors.As(err, &own) {
		return own.region
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil {
		return resp.Response.Header.Get("x-amz-bucket-region")
	}
	return ""
}

// fail makes the error that leaves the package. The SDK's texts hold host, key and codes, no credential.
func (c *Client) fail(op string, key Key, err error) error {
	var final errFinal
	if errors.As(err, &final) {
		return final.error
	}
	e := &Error{Op: op, Key: key, Err: err}
	e.Status, e.Code, e.RequestID = reply(err)
	if credential := (*credentialError)(nil); errors.As(err, &credential) {
		e.Err, e.Status, e.Code = credential, http.StatusForbidden, "NoCredentials"
	}
	if e.Status >= 200 && e.Status < 300 {
		e.Status = http.StatusInternalServerError // an error in the body of a 200
	}
	var (
		api smithy.APIError
		own *refusalError
	)
	switch {
	case errors.Is(err, ErrChanged):
		e.Err = ErrChanged
	case errors.Is(err, ErrCorrupt):
	case errors.As(err, &own):
		e.Err = message(own.message, e.Code)
	case errors.As(err, &api):
		e.Err = message(api.ErrorMessage(), e.Code)
	}
	return e
}

// message is what the server says beyond its code, or nil.
func message(text, code string) error {
	if text == "" || text == code {
		return nil
	}
	return errors.New(text)
}
