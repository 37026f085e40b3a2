package iam

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
	"github.com/fusiongen/fusiongen/schema/schematest/calls"
)

// enforced is a moto that decides S3 requests by the caller's policies.
type enforced struct {
	url   string
	admin aws.Credentials // may change policies
	role  aws.Credentials // carries the policy that is tested, and nothing else
	t     *testing.T
}

const testedRole = "tested"

// enforcing starts one with the buckets and a role, and then switches enforcement on.
func enforcing(t *testing.T) *enforced {
	t.Helper()
	e := &enforced{url: moto(t, "INITIAL_NO_AUTH_ACTION_COUNT=100000"), t: t}
	client, ctx := hand(e.url), t.Context()
	objects := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &e.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "test", "")})
	for _, bucket := range []string{"bucket", "results", "inputs", "other"} {
		must(t)(objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}))
	}
	must(t)(client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("admin")}))
	must(t)(client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("admin"), PolicyName: aws.String("all"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}))
	key, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("admin")})
	must(t)(key, err)
	e.admin = aws.Credentials{AccessKeyID: *key.AccessKey.AccessKeyId, SecretAccessKey: *key.AccessKey.SecretAccessKey}
	must(t)(client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(testedRole), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`)}))
	taken, err := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &e.url, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "test", "")}).
		AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + accountID + ":role/" + testedRole), RoleSessionName: aws.String("test")})
	must(t)(taken, err)
	c := taken.Credentials
	e.role = aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
	response, err := http.Post(e.url+"/moto-api/reset-auth", "application/octet-stream", strings.NewReader("0"))
	if err != nil || response.StatusCode != 200 {
		t.Fatal(err, response)
	}
	response.Body.Close()
	return e
}

func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// give makes d the one policy of the tested role.
func (e *enforced) give(d policy.Document) {
	e.t.Helper()
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &e.url, Credentials: credentials.StaticCredentialsProvider{Value: e.admin}})
	must(e.t)(client.PutRolePolicy(e.t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(testedRole), PolicyName: aws.String("tested"), PolicyDocument: aws.String(policy.Compact(d))}))
}

// send makes a signed S3 request and gives its status and the error code in its body.
func (e *enforced) send(who aws.Credentials, method, path string, query, headers map[string]string, body string) (status int, code, text string) {
	e.t.Helper()
	values := url.Values{}
	for k, v := range query {
		values.Set(k, v)
	}
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.url+"/"+(&url.URL{Path: path}).EscapedPath()+"?"+values.Encode(), strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("x-amz-content-sha256", hash)
	if err := v4.NewSigner().SignHTTP(context.Background(), who, r, hash, "s3", "us-east-1", time.Now()); err != nil {
		e.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(data, []byte("<Code>"))
	name, _, _ := bytes.Cut(rest, []byte("</Code>"))
	return response.StatusCode, string(name), string(data)
}

// replay makes a recorded call and says whether it was denied.
func (e *enforced) replay(c calls.Call) bool {
	e.t.Helper()
	path, query, body := c.Bucket, c.Query, ""
	if c.Key != "" {
		path += "/" + c.Key
	}
	headers := map[string]string{}
	for k, v := range c.Headers {
		if k == "x-amz-trailer" || strings.HasPrefix(k, "x-amz-sdk-") || strings.HasPrefix(k, "x-amz-checksum") {
			continue // the body that they describe is not sent
		}
		headers[k] = v
	}
	if source := headers["x-amz-copy-source"]; source != "" {
		e.send(e.admin, "PUT", source, nil, nil, strings.Repeat("x", 100)) // moto needs a source
		if headers["x-amz-copy-source-range"] != "" {
			headers["x-amz-copy-source-range"] = "bytes=0-9"
		}
	}
	method := map[string]string{"GetObject": "GET", "HeadObject": "HEAD", "ListObjectsV1": "GET", "ListObjectsV2": "GET", "ListBuckets": "GET", "GetBucketAcl": "GET",
		"PutObject": "PUT", "CopyObject": "PUT", "DeleteObject": "DELETE", "CreateMultipartUpload": "POST", "UploadPart": "PUT", "UploadPartCopy": "PUT",
		"CompleteMultipartUpload": "POST", "AbortMultipartUpload": "DELETE"}[c.Op]
	switch c.Op {
	case "ListObjectsV2":
		query = with(query, "list-type", "2")
	case "CreateMultipartUpload":
		query = with(query, "uploads", "")
	case "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload":
		query = with(query, "uploadId", e.upload(path))
		if c.Op == "CompleteMultipartUpload" {
			e.send(e.admin, "PUT", path, map[string]string{"partNumber": "1", "uploadId": query["uploadId"]}, nil, "x")
			body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"9dd4e461268c8034f5c8564e155c67a6"</ETag></Part></CompleteMultipartUpload>`
		}
	}
	status, code, text := e.send(e.role, method, path, query, headers, body)
	if status == 403 {
		return true
	}
	if status >= 300 && status != 404 && status != 416 { // empty objects have no range
		e.t.Errorf("%s %s: %d %s\n%s", c.Op, path, status, code, text)
	}
	return false
}

func with(query map[string]string, key, value string) map[string]string {
	out := map[string]string{}
	for k, v := range query {
		out[k] = v
	}
	out[key] = value
	return out
}

// upload begins a multipart upload and gives its id.
func (e *enforced) upload(path string) string {
	_, _, text := e.send(e.admin, "POST", path, map[string]string{"uploads": ""}, nil, "")
	_, rest, _ := strings.Cut(text, "<UploadId>")
	id, _, ok := strings.Cut(rest, "</UploadId>")
	if !ok {
		e.t.Fatalf("no upload: %s", text)
	}
	return id
}

// decides says whether moto decides an action: not tagging, nor ACLs, nor keys. (It does decide the others by action and ARN.)
func decides(r policy.Request) bool {
	return slices.Contains([]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:AbortMultipartUpload"}, r.Action)
}

// TestEnforced replays the calls of a head and of a task with credentials that carry the generated policy: all are
// allowed. With any one action taken away, those calls are denied of which moto decides that action. Other buckets and
// prefixes are denied.
func TestEnforced(t *testing.T) {
	e := enforcing(t)
	ws, err := schema.Load("spec.cue", []byte(`name: "demo"
cluster: {name: "r", account: "123456789012", region: "us-east-1", oidc: "EXAMPLED539D4633E53DE1B71EXAMPLE"}
storage: {work: "s3://bucket/work", inputs: ["s3://inputs"], publish: ["s3://results", "s3://bucket/cache"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for who, all := range map[string][]calls.Call{"head": calls.Head(), "task": calls.Task()} {
		all = slices.DeleteFunc(all, func(c calls.Call) bool {
			return c.Harmless() || c.ACL() || strings.HasPrefix(c.Key, "team-a/") || c.Headers["x-amz-server-side-encryption"] == "aws:kms"
		})
		d := gen.Permissions(ws, who)
		e.give(d)
		for _, c := range all {
			if e.replay(c) {
				t.Errorf("%s: %s %s/%s is denied", who, c.Op, c.Bucket, c.Key)
			}
		}
		for _, s := range d.Statements {
			for _, a := range s.Action {
				e.without(who, d, a, all)
			}
		}
		e.give(d)
		for _, path := range []string{"other/work/x", "bucket/workshop/x", "bucket/x", "results-evil/x"} {
			for _, method := range []string{"GET", "PUT", "DELETE", "HEAD"} {
				if status, _, _ := e.send(e.role, method, path, nil, nil, ""); status != 403 && !(path == "results-evil/x" && status == 404) {
					t.Errorf("%s may %s %s: %d", who, method, path, status)
				}
			}
		}
	}
}

// without takes an action away everywhere and compares moto with the evaluator, one call of each operation.
func (e *enforced) without(who string, d policy.Document, action string, all []calls.Call) {
	e.t.Helper()
	less := policy.Document{Version: d.Version}
	for _, s := range d.Statements {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		if len(s.Action) > 0 {
			less.Statements = append(less.Statements, s)
		}
	}
	e.give(less)
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.Op+c.Bucket] {
			continue
		}
		seen[c.Op+c.Bucket] = true
		want := false
		for i, r := range c.Requests() {
			source := i > 0 && r.Action == "s3:GetObject" // of a copy, which moto does not decide
			want = want || decides(r) && !source && policy.Evaluate(r, less).Verdict != policy.Allowed
		}
		if got := e.replay(c); got != want {
			e.t.Errorf("%s without %s: %s %s/%s is denied %v, the evaluator says %v", who, action, c.Op, c.Bucket, c.Key, got, want)
		}
	}
}

// TestAgreement: for random policies of the kind that moto decides, the evaluator and moto say the same. The wildcard ?
// is left out, which moto does not know.
func TestAgreement(t *testing.T) {
	e := enforcing(t)
	pairs := 0
	pattern := rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:*", "s3:Get*", "s3:*Object", "*", "s3:List*"})
	arn := rapid.SampledFrom([]string{"*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/*", "arn:aws:s3:::bucket/a*", "arn:aws:s3:::b*", "arn:aws:s3:::*/b", "arn:aws:s3:::bucket/*/b", "arn:aws:s3:::other/*", "arn:aws:s3:::results"})
	statement := rapid.Custom(func(r *rapid.T) policy.Statement {
		return policy.Statement{Effect: rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(r, "effect"),
			Action: rapid.SliceOfNDistinct(pattern, 1, 3, rapid.ID).Draw(r, "actions"), Resource: rapid.SliceOfNDistinct(arn, 1, 3, rapid.ID).Draw(r, "resources")}
	})
	for seed := range 70 {
		d := policy.Document{Version: policy.Version, Statements: rapid.SliceOfN(statement, 1, 3).Example(seed)}
		e.give(d)
		for _, q := range []struct{ action, method, path string }{
			{"s3:GetObject", "GET", "bucket/a/b"}, {"s3:GetObject", "HEAD", "bucket/ab"}, {"s3:PutObject", "PUT", "bucket/a/b"}, {"s3:PutObject", "PUT", "other/b"},
			{"s3:DeleteObject", "DELETE", "bucket/a/c"}, {"s3:ListBucket", "GET", "bucket"}, {"s3:ListBucket", "GET", "results"}, {"s3:GetObject", "GET", "results/b"},
		} {
			pairs++
			want := policy.Evaluate(policy.Request{Action: q.action, Resource: "arn:aws:s3:::" + q.path}, d).Verdict == policy.Allowed
			status, _, _ := e.send(e.role, q.method, q.path, nil, nil, "")
			if status >= 500 {
				t.Fatalf("moto fails with %d at %s", status, policy.Compact(d))
			}
			if got := status != 403; got != want {
				t.Errorf("%s %s: moto allows it %v, the evaluator %v: %s", q.method, q.path, got, want, policy.Compact(d))
			}
		}
	}
	if pairs < 500 {
		t.Errorf("only %d pairs", pairs)
	}
}
