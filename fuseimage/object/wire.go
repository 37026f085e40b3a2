package object

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The operations that are made often (GetObject, HeadObject, PutObject, UploadPart) go straight to net/http: through
// the SDK each takes more than twice the processor time (BenchmarkCeilings). The SDK gives endpoints, credentials and
// the signature, and makes all other operations.

// unsignedPayload leaves a body out of the signature: its checksum header is signed instead, and read only once.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// bucketName is what S3 takes, including the longer names with capitals that it took before 2018.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$`)

// target is where a bucket is reached.
type target struct {
	base            url.URL // with the bucket in host or path
	region, service string  // for the signature
}

// target asks the SDK's rules once for each bucket and region.
func (c *Client) target(ctx context.Context, l *limiter, bucket string) (*target, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.target != nil {
		return l.target, nil
	}
	if !bucketName.MatchString(bucket) {
		return nil, &refusalError{status: http.StatusNotFound, code: "NoSuchBucket", message: "this cannot be the name of a bucket"}
	}
	o := c.s3.Options()
	l.optionsLocked(&o)
	ep, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket: &bucket, Region: &o.Region, Endpoint: o.BaseEndpoint, ForcePathStyle: &o.UsePathStyle,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		return nil, &refusalError{status: http.StatusNotFound, code: "NoSuchBucket", message: err.Error()}
	}
	schemes, listed := auth.GetAuthOptions(&ep.Properties)
	i := slices.IndexFunc(schemes, func(s *auth.Option) bool { return s.SchemeID == "sigv4" })
	if listed && i < 0 {
		return nil, &refusalError{status: http.StatusNotImplemented, code: "NotImplemented",
			message: "directory buckets and multi-region access points are not supported; use a general purpose bucket"}
	}
	t := &target{base: ep.URI, region: o.Region, service: "s3"}
	if listed {
		p := &schemes[i].SignerProperties
		region, _ := smithyhttp.GetSigV4SigningRegion(p)
		service, _ := smithyhttp.GetSigV4SigningName(p)
		t.region, t.service = cmp.Or(region, t.region), cmp.Or(service, t.service)
	}
	l.target = t
	return t, nil
}

// request is one HTTP request of S3.
type request struct {
	method string
	key    Key
	query  url.Values
	header http.Header
	body   io.Reader // nil for none
	size   int64     // of body
}

func newRequest(method string, key Key) *request {
	return &request{method: method, key: key, header: http.Header{}}
}

// set adds a header unless it is empty.
func (r *request) set(name, value string) {
	if value != "" {
		r.header.Set(name, value)
	}
}

// call signs and sends r. A status of 300 and more is an error, and the body closed.
func (c *Client) call(ctx context.Context, r *request) (*http.Response, error) {
	t, err := c.target(ctx, c.bucket(r.key.Bucket), r.key.Bucket)
	if err != nil {
		return nil, err
	}
	u := t.base
	u.Path, u.RawPath = strings.TrimSuffix(t.base.Path, "/")+"/"+r.key.Name, strings.TrimSuffix(t.base.EscapedPath(), "/")+"/"+httpbinding.EscapePath(r.key.Name, false)
	u.RawQuery = strings.ReplaceAll(r.query.Encode(), "+", "%20")
	req, err := http.NewRequestWithContext(ctx, r.method, t.base.Scheme+"://"+t.base.Host, r.body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Header = &u, r.header
	if r.body != nil {
		if req.ContentLength = r.size; r.size == 0 {
			req.Body = http.NoBody
		}
	}
	creds, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Amz-Content-Sha256", unsignedPayload)
	now := time.Now().Add(time.Duration(c.skew.Load()))
	if err := c.signer.SignHTTP(ctx, creds, req, unsignedPayload, t.service, t.region, now.UTC()); err != nil {
		return nil, err
	}
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, t.base.Host, err)
	}
	if resp.StatusCode >= 300 {
		return nil, c.refusal(resp)
	}
	return resp, nil
}

// refusalError is a reply with a status of 300 and more.
type refusalError struct {
	status            int
	code, message, id string
	region            string // the bucket's, where the server told
}

func (e *refusalError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s %s", e.status, e.code, e.message))
}

// refusal reads what the server says, and learns its clock when ours is the trouble.
func (c *Client) refusal(resp *http.Response) error {
	defer resp.Body.Close()
	e := &refusalError{status: resp.StatusCode, id: resp.Header.Get("X-Amz-Request-Id"), region: resp.Header.Get("X-Amz-Bucket-Region")}
	var body struct {
		Code, Message, RequestId string
	}
	if text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10)); err == nil && xml.Unmarshal(text, &body) == nil {
		e.code, e.message = body.Code, body.Message
		if e.id == "" {
			e.id = body.RequestId
		}
	}
	if e.code == "RequestTimeTooSkewed" {
		if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			c.skew.Store(int64(time.Until(at)))
		}
	}
	return e
}

// checksumOf reads the digest of the full object from headers. What has not the algorithm's length is none: a digest of parts,
// or of another algorithm (moto's).
func checksumOf(h http.Header) Checksum {
	for _, alg := range []string{algorithmCRC64, algorithm32C, algorithm32} {
		known, _ := algorithms(alg)
		v := h.Get("X-Amz-Checksum-" + alg)
		if sum, err := base64.StdEncoding.DecodeString(v); err == nil && len(sum) == known.width/8 && (alg == algorithmCRC64 || h.Get("X-Amz-Checksum-Type") != "COMPOSITE") {
			return Checksum{alg, v}
		}
	}
	return Checksum{}
}
