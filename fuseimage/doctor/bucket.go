package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// S3 refuses requests whose time is 15 minutes off (RequestTimeTooSkewed).
const (
	skewFail     = 15 * time.Minute
	skewDegraded = time.Minute
)

// patience is how long one bucket may take to answer.
const patience = 10 * time.Second

func (p Patient) buckets(ctx context.Context) []Check {
	if len(p.Buckets) == 0 {
		return []Check{{Name: "bucket", Verdict: Degraded, Found: "none was looked at", Hint: "name one: fusion doctor BUCKET"}}
	}
	cfg := p.S3
	cfg.Retry = patience / 2
	client, err := object.New(ctx, cfg)
	if err != nil {
		return []Check{{Name: "bucket", Verdict: Fail, Found: err.Error()}}
	}
	defer client.Close()
	checks := []Check{p.clock(ctx)}
	for _, bucket := range p.Buckets {
		checks = append(checks, look(ctx, client, bucket))
	}
	return checks
}

func look(ctx context.Context, client *object.Client, bucket string) Check {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begin := time.Now()
	_, err := client.Any(ctx, object.Key{Bucket: bucket})
	if err != nil {
		return Check{Name: "bucket", Verdict: Fail, Found: err.Error(), Hint: "the task's role needs s3:ListBucket on the bucket, and s3:GetObject and s3:PutObject below its prefix"}
	}
	return Check{Name: "bucket", Verdict: Pass, Found: fmt.Sprintf("%s can be listed, %v for one key", bucket, time.Since(begin).Round(time.Millisecond))}
}

// clock compares our time with that of the endpoint, which answers without a signature.
func (p Patient) clock(ctx context.Context) Check {
	c := Check{Name: "clock", Verdict: Pass}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	endpoint := p.S3.Endpoint
	if endpoint == "" {
		endpoint = "https://s3." + cmp.Or(p.S3.Region, "us-east-1") + ".amazonaws.com"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, endpoint, nil)
	if err != nil {
		return Check{Name: "clock", Verdict: Fail, Found: err.Error()}
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return Check{Name: "clock", Verdict: Fail, Found: err.Error(), Hint: "the node has to reach the S3 endpoint"}
	}
	reply.Body.Close()
	theirs, err := http.ParseTime(reply.Header.Get("Date"))
	if err != nil {
		c.Verdict, c.Found = Degraded, "the endpoint does not tell its time"
		return c
	}
	skew := time.Since(theirs).Round(time.Second)
	c.Found = fmt.Sprintf("%v from the endpoint's", skew)
	switch {
	case skew.Abs() >= skewFail:
		c.Verdict, c.Hint = Fail, "S3 refuses requests that are 15 minutes off; set the node's clock"
	case skew.Abs() >= skewDegraded:
		c.Verdict, c.Hint = Degraded, "set the node's clock; at 15 minutes S3 refuses requests"
	}
	return c
}
