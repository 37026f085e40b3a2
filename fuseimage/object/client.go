package object

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Config says how to reach S3. The zero value is the AWS chain with AWS's own endpoints.
type Config struct {
	Endpoint string // URL of an S3-compatible server, addressed path-style; "" for AWS
	Region   string // "" for the chain's region, else us-east-1
	SSE      string // x-amz-server-side-encryption of every object written, "" for the bucket's default
	SSEKey   string // x-amz-server-side-encryption-aws-kms-key-id

	Credentials aws.CredentialsProvider // nil for the AWS chain
	Concurrency int                     // upper bound of parallel requests to a bucket, default 64
	Memory      int64                   // bytes of all body buffers, default 16 MiB
	Idle        time.Duration           // a connection silent for so long is given up, default 5s
	Retry       time.Duration           // a request is retried for so long without progress, default 60s
	Log         *slog.Logger            // default slog.DiscardHandler
}

// ConfigFromEnv reads AWS_ENDPOINT_URL_S3, AWS_S3_ENDPOINT or AWS_ENDPOINT_URL; FUSION_AWS_REGION, AWS_REGION or
// AWS_DEFAULT_REGION; FUSION_AWS_SERVER_SIDE_ENCRYPTION and FUSION_AWS_SSEKMS_KEY_ID. Credentials are found by New.
func ConfigFromEnv(getenv func(string) string) Config {
	return Config{
		Endpoint: cmp.Or(getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_S3_ENDPOINT"), getenv("AWS_ENDPOINT_URL")),
		Region:   cmp.Or(getenv("FUSION_AWS_REGION"), getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")),
		SSE:      getenv("FUSION_AWS_SERVER_SIDE_ENCRYPTION"),
		SSEKey:   getenv("FUSION_AWS_SSEKMS_KEY_ID"),
	}
}

func (cfg Config) withDefaults() Config {
	cfg.Concurrency = cmp.Or(cfg.Concurrency, 64)
	cfg.Memory = cmp.Or(cfg.Memory, 16<<20)
	cfg.Idle = cmp.Or(cfg.Idle, 5*time.Second)
	cfg.Retry = cmp.Or(cfg.Retry, 60*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// A Client is safe for concurrent use.
type Client struct {
	cfg         Config
	log         *slog.Logger
	s3          *s3.Client
	http        *http.Transport
	credentials *aws.CredentialsCache
	buffers     buffers
	budget      budget
	counts      counts
	first       latency       // time to the first byte of a GET
	hedging     chan struct{} // places for GETs beside a slow one
	verify      atomic.Int32  // a verification, the strongest that the server has not refused
	signer      *v4.Signer
	skew        atomic.Int64 // nanoseconds that the server\'s clock is ahead of ours

	mu      sync.Mutex
	buckets map[string]*limiter // guarded by mu
}

// New finds credentials by the AWS chain: environment, shared config, web identity, Pod Identity, IMDS. They are
// refreshed before they expire and after the server calls them expired. New makes no request to S3.
func New(ctx context.Context, cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	transport := newTransport(cfg)
	chain, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		if cfg.Region != "" {
			o.Region = cfg.Region
		}
		if cfg.Credentials != nil {
			o.Credentials = cfg.Credentials
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := &Client{
		cfg:         cfg,
		log:         cfg.Log,
		http:        transport,
		credentials: aws.NewCredentialsCache(chained{chain.Credentials}),
		buffers:     newBuffers(cfg.Memory),
		hedging:     make(chan struct{}, 4),
		buckets:     map[string]*limiter{},
		signer:      v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
	}
	c.s3 = s3.NewFromConfig(chain, func(o *s3.Options) {
		o.Region = cmp.Or(o.Region, "us-east-1")
		if cfg.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(cfg.Endpoint), true
		}
		o.HTTPClient = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		o.Credentials = c.credentials
		o.Retryer = aws.NopRetryer{} // do retries, because only it knows the budget and what is done already
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.ContinueHeaderThresholdBytes = -1
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return c, nil
}

// Close ends idle connections. Requests that still run are not waited for.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) bucket(name string) *limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.buckets[name]
	if l == nil {
		l = newLimiter(c.cfg.Concurrency)
		c.buckets[name] = l
	}
	return l
}

// Log returns the logger that the client was made with.
func (c *Client) Log() *slog.Logger { return c.log }
