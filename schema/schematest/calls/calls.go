// Package calls holds the S3 calls of a run, one JSON object a line, and what IAM asks of each: the oracle for the
// permissions that are generated.
//
// head.jsonl are the distinct calls of real Nextflow heads (26.04.6 and the sources of 26.08), recorded between
// Nextflow and an S3 server; the last two are those after a refused part. HH stands for the two levels of a task's directory. task.jsonl are the calls that the
// runtime makes by its source (fuseimage/object); test/iam runs the runtime and finds no call of another kind.
package calls

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema/policy"
)

//go:embed head.jsonl
var head []byte

//go:embed task.jsonl
var task []byte

// Call is one S3 request.
type Call struct {
	Op      string            `json:"op"`
	Bucket  string            `json:"bucket"`
	Key     string            `json:"key"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Status  []int             `json:"status"`
	Cases   []string          `json:"cases"` // of the recording: what Nextflow was asked to do
}

// Head are the calls of the Nextflow head.
func Head() []Call { return read(head) }

// Task are the calls of the runtime in a task.
func Task() []Call { return read(task) }

func read(data []byte) []Call {
	var out []Call
	for line := range bytes.Lines(data) {
		var c Call
		if err := json.Unmarshal(line, &c); err != nil {
			panic(err) // the file is embedded
		}
		c.Key = directory(c.Key)
		for k, v := range c.Query {
			c.Query[k] = directory(v)
		}
		for k, v := range c.Headers {
			c.Headers[k] = directory(v)
		}
		out = append(out, c)
	}
	return out
}

// directory puts a task's directory, and a key's id, for their placeholders.
func directory(text string) string {
	return strings.NewReplacer("HH", "ab/0123456789abcdef0123456789abcd", "key/UUID", "key/1234abcd-12ab-34cd-56ef-1234567890ab").Replace(text)
}

// Harmless says whether the caller goes on when the call is denied, so that nothing should grant it: Nextflow looks at
// the owner of the account's first bucket.
func (c Call) Harmless() bool { return c.Op == "ListBuckets" || c.Op == "GetBucketAcl" }

// ACL says whether the call sets an ACL, which only aws.client.s3Acl does; generated configurations never have it.
func (c Call) ACL() bool { return c.Headers["x-amz-acl"] != "" }

// Requests are what IAM is asked, by the S3 API reference's permissions of each operation.
func (c Call) Requests() []policy.Request {
	on := func(action, bucket, key string) policy.Request {
		resource := "arn:aws:s3:::" + bucket
		if key != "" {
			resource += "/" + key
		}
		return policy.Request{Action: action, Resource: resource}
	}
	switch c.Op {
	case "ListBuckets":
		return []policy.Request{{Action: "s3:ListAllMyBuckets", Resource: "*"}}
	case "GetBucketAcl":
		return []policy.Request{on("s3:GetBucketAcl", c.Bucket, "")}
	case "ListObjectsV1", "ListObjectsV2":
		r := on("s3:ListBucket", c.Bucket, "")
		r.Context = policy.Context{"s3:prefix": {c.Query["prefix"]}}
		return []policy.Request{r}
	case "HeadObject", "GetObject":
		return c.key([]policy.Request{on("s3:GetObject", c.Bucket, c.Key)}, "kms:Decrypt")
	case "DeleteObject":
		return []policy.Request{on("s3:DeleteObject", c.Bucket, c.Key)}
	case "AbortMultipartUpload":
		return []policy.Request{on("s3:AbortMultipartUpload", c.Bucket, c.Key)}
	}
	out := []policy.Request{on("s3:PutObject", c.Bucket, c.Key)} // all others write
	if c.Headers["x-amz-tagging"] != "" {
		out = append(out, on("s3:PutObjectTagging", c.Bucket, c.Key))
	}
	if c.ACL() {
		out = append(out, on("s3:PutObjectAcl", c.Bucket, c.Key))
	}
	if source := c.Headers["x-amz-copy-source"]; source != "" {
		bucket, key, _ := strings.Cut(source, "/")
		out = append(out, on("s3:GetObject", bucket, key))
		if c.Op == "CopyObject" && c.Headers["x-amz-tagging-directive"] != "REPLACE" { // the source's tags come along
			out = append(out, on("s3:GetObjectTagging", bucket, key), on("s3:PutObjectTagging", c.Bucket, c.Key))
		}
	}
	out = c.key(out, "kms:GenerateDataKey")
	if c.Op != "PutObject" {
		out = c.key(out, "kms:Decrypt")
	}
	return slices.CompactFunc(out, func(a, b policy.Request) bool { return a.Action == b.Action && a.Resource == b.Resource })
}

// key adds an action on the KMS key that the call names.
func (c Call) key(all []policy.Request, action string) []policy.Request {
	if id := c.Headers["x-amz-server-side-encryption-aws-kms-key-id"]; id != "" {
		all = append(all, policy.Request{Action: action, Resource: id})
	}
	return all
}
