package object

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"time"
)

var errUnwritten = errors.New("not written yet")

// Config says how to reach S3. The zero value is the AWS chain with AWS's own endpoints.
type Config struct {
	Endpoint string // URL of an S3-compatible server, addressed path-style; "" for AWS
	Region   string // "" for the chain's region, else us-east-1
	SSE      string // x-amz-server-side-encryption of every object written, "" for the bucket's default
	SSEKey   string // x-amz-server-side-encryption-aws-kms-key-id

	Concurrency int           // upper bound of parallel requests to a bucket, default 64
	Memory      int64         // bytes of all body buffers, default 32 MiB
	Idle        time.Duration // a connection silent for so long is given up, default 5s
	Retry       time.Duration // a request is retried for so long, default 60s
	Log         *slog.Logger  // default slog.DiscardHandler
}

// ConfigFromEnv reads AWS_ENDPOINT_URL_S3, AWS_S3_ENDPOINT or AWS_ENDPOINT_URL; FUSION_AWS_REGION, AWS_REGION or
// AWS_DEFAULT_REGION; FUSION_AWS_SERVER_SIDE_ENCRYPTION and FUSION_AWS_SSEKMS_KEY_ID. Credentials are found by New.
func ConfigFromEnv(getenv func(string) string) Config {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	return Config{
		Endpoint: first("AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL"),
		Region:   first("FUSION_AWS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
		SSE:      getenv("FUSION_AWS_SERVER_SIDE_ENCRYPTION"),
		SSEKey:   getenv("FUSION_AWS_SSEKMS_KEY_ID"),
	}
}

// A Client is safe for concurrent use.
type Client struct{}

// New finds credentials by the AWS chain: environment, shared config, web identity, Pod Identity, IMDS. They are
// refreshed before they expire and after the server calls them expired. New makes no request to S3.
func New(ctx context.Context, cfg Config) (*Client, error) { return nil, errUnwritten }

// Close ends idle connections. Requests that still run are not waited for.
func (c *Client) Close() {}

// Head returns the present version of key, or an error that is fs.ErrNotExist.
func (c *Client) Head(ctx context.Context, key Key) (Info, error) { return Info{}, errUnwritten }

// List yields what lies under prefix in key order, from pages of 1000; "" as delimiter lists all depths.
// It ends after the first error.
func (c *Client) List(ctx context.Context, prefix Key, delimiter string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, errUnwritten) }
}

// Any reports whether any key begins with prefix: one request, one key.
func (c *Client) Any(ctx context.Context, prefix Key) (bool, error) { return false, errUnwritten }

// Read fills p with the object's bytes from off, exactly; a range beyond the end is an error. ErrChanged when the
// object is no longer info's version.
func (c *Client) Read(ctx context.Context, info Info, off int64, p []byte) error { return errUnwritten }

// Get passes bytes [off, off+n) of info to sink, in order, each once, in pieces of at most BufferSize bytes that are
// valid during the call only. A connection that stalls or breaks is replaced and goes on where the last byte was.
// An error of sink ends it and is returned. ErrChanged as for Read. When the range is the full object and its
// checksum is known, it is verified, with ErrCorrupt on mismatch (the sink has then seen wrong bytes).
func (c *Client) Get(ctx context.Context, info Info, off, n int64, sink func(off int64, p []byte) error) error {
	return errUnwritten
}

// PutOptions are the headers of a new object.
type PutOptions struct {
	Tags     string // URL-encoded, "" for none
	Metadata map[string]string
	IfAbsent bool // fail with EEXIST when the key exists
}

// Put stores size bytes of body and returns only when the server confirmed their checksum. body must not change
// meanwhile; when it does, the server refuses it and the error is ErrCorrupt.
func (c *Client) Put(ctx context.Context, key Key, body io.ReaderAt, size int64, o PutOptions) (Info, error) {
	return Info{}, errUnwritten
}

// An Upload is a multipart upload in progress.
type Upload struct {
	Key Key
	ID  string
}

// A Part of an Upload that the server holds.
type Part struct {
	Number   int32 // from 1
	Off      int64
	Size     int64
	ETag     string
	Checksum uint64 // CRC64NVME of its bytes
}

// Begin starts a multipart upload.
func (c *Client) Begin(ctx context.Context, key Key, o PutOptions) (Upload, error) {
	return Upload{}, errUnwritten
}

// Part stores bytes [off, off+size) of body as part number.
func (c *Client) Part(ctx context.Context, u Upload, number int32, body io.ReaderAt, off, size int64) (Part, error) {
	return Part{}, errUnwritten
}

// Complete makes the object of parts, which must follow one another without a gap, and verifies it.
func (c *Client) Complete(ctx context.Context, u Upload, parts []Part) (Info, error) {
	return Info{}, errUnwritten
}

// Abort drops the upload; one that is gone already is no error.
func (c *Client) Abort(ctx context.Context, u Upload) error { return errUnwritten }

// Copy makes to a copy of from, on the server, in parts above 5 GiB, and verifies its size and checksum.
func (c *Client) Copy(ctx context.Context, from Info, to Key, o PutOptions) (Info, error) {
	return Info{}, errUnwritten
}

// Delete removes key; one that is gone already is no error.
func (c *Client) Delete(ctx context.Context, key Key) error { return errUnwritten }
