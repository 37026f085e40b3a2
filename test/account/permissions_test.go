package account_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fusiongen/fusiongen/test/account"
)

// call is one S3 request on an object, or the listing of a prefix.
type call struct{ op, bucket, key string }

func (c call) make(ctx context.Context, client *s3.Client) (err error) {
	switch c.op {
	case "get":
		_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.bucket, Key: &c.key})
	case "put":
		_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &c.bucket, Key: &c.key, Body: strings.NewReader("x")})
	case "put tagged":
		_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &c.bucket, Key: &c.key, Body: strings.NewReader("x"), Tagging: aws.String("a=b")})
	case "delete":
		_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &c.bucket, Key: &c.key})
	case "copy from work":
		_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &c.bucket, Key: &c.key, CopySource: aws.String("work/run/here")})
	case "upload":
		_, err = client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &c.bucket, Key: &c.key})
	case "list":
		_, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &c.bucket, Prefix: &c.key})
	case "acl":
		_, err = client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &c.bucket})
	case "delete bucket":
		_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &c.bucket})
	default:
		panic(c.op)
	}
	return err
}

// TestPermissions: each role may do what the spec's places need, by action, bucket, key and prefix, and nothing beside. All with
// credentials that are refreshed on the way.
func TestPermissions(t *testing.T) {
	w := open(t)
	head := task()
	head.account = "demo:demo-head"
	clients := map[string]*s3.Client{
		"demo-task": w.client(aws.NewCredentialsCache(w.take("demo-task", w.sign(task(), w.key)))),
		"demo-head": w.client(aws.NewCredentialsCache(w.take("demo-head", w.sign(head, w.key)))),
	}
	const neither, both, headOnly = "", "head task", "head"
	for _, c := range []struct {
		call
		allowed string // to which roles
	}{
		{call{"get", "work", "run/here"}, both},
		{call{"put tagged", "work", "run/new"}, "task"}, // the runtime tags what it writes; the head tags what it publishes
		{call{"put", "work", "run/new"}, both},
		{call{"delete", "work", "run/new"}, both},
		{call{"upload", "work", "run/large"}, both},
		{call{"list", "work", "run/"}, both},
		{call{"get", "inputs", "run/here"}, both},
		{call{"list", "inputs", "run/"}, both},
		{call{"put", "results", "new"}, headOnly},
		{call{"put tagged", "results", "new"}, headOnly},
		{call{"copy from work", "results", "copied"}, headOnly},
		{call{"list", "results", "n"}, headOnly},
		{call{"get", "work", "runs/here"}, neither},
		{call{"put", "work", "elsewhere"}, neither},
		{call{"delete", "work", "elsewhere"}, neither},
		{call{"list", "work", ""}, neither},
		{call{"list", "work", "runs"}, neither},
		{call{"put", "inputs", "run/here"}, neither},
		{call{"delete", "inputs", "run/here"}, neither},
		{call{"get", "other", "run/here"}, neither},
		{call{"list", "other", "run/"}, neither},
		{call{"acl", "work", ""}, neither},
		{call{"delete bucket", "results", ""}, neither},
	} {
		for role, client := range clients {
			want := "AccessDenied"
			if slices.Contains(strings.Fields(c.allowed), strings.TrimPrefix(role, "demo-")) {
				want = ""
			}
			if got := code(t, c.make(t.Context(), client)); got != want {
				t.Errorf("%s: %v: %q, want %q", role, c.call, got, want)
			}
		}
	}
	if d := w.Decisions(); !slices.Contains(d, account.Decision{Role: "demo-task", Action: "s3:ListBucket", Resource: "arn:aws:s3:::work", Prefix: "runs"}) ||
		!slices.Contains(d, account.Decision{Role: "demo-head", Action: "s3:PutObject", Resource: "arn:aws:s3:::results/new", Allowed: true}) {
		t.Errorf("decisions are not kept: %v", d)
	}
}

// TestCredentials: they are good while they live, with their own secret and token only.
func TestCredentials(t *testing.T) {
	w := open(t)
	get := call{"get", "work", "run/here"}
	taken, err := w.take("demo-task", w.sign(task(), w.key)).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.take("demo-task", w.sign(task(), w.key)).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	with := func(access, secret, token string) string {
		return code(t, get.make(t.Context(), w.client(credentials.NewStaticCredentialsProvider(access, secret, token))))
	}
	for want, got := range map[string]string{
		"":                      with(taken.AccessKeyID, taken.SecretAccessKey, taken.SessionToken),
		"SignatureDoesNotMatch": with(taken.AccessKeyID, other.SecretAccessKey, taken.SessionToken),
		"InvalidToken":          with(taken.AccessKeyID, taken.SecretAccessKey, other.SessionToken),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := with(taken.AccessKeyID, taken.SecretAccessKey, ""); got != "InvalidToken" {
		t.Errorf("without a token: %q", got)
	}
	time.Sleep(time.Until(taken.Expires) + 1100*time.Millisecond)
	if got := with(taken.AccessKeyID, taken.SecretAccessKey, taken.SessionToken); got != "InvalidToken" {
		t.Errorf("after their life: %q", got)
	}
	if n := w.Sessions("demo-task"); n != 2 {
		t.Errorf("%d sessions", n)
	}
}
