package iam

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
	"github.com/fusiongen/fusiongen/schema/schematest/calls"
)

// script does in a task's directory what tasks do: it reads inputs and other tasks' files, writes, appends, renames and removes
// files and makes directories. Some are so large that they go in parts; one of these grows and one is removed while it is being
// uploaded, and another is renamed once it is. (moto gives objects of several parts no checksum, so the runtime holds their ETags
// against the parts.)
const script = `#!/bin/bash
### ---
### name: 'TEST'
### outputs:
### - 'out.txt'
### - '*.bin'
### - 'dir'
### ...
set -e
cd $WORK
cat $ROOT/s3/inputs/data/in.txt > out.txt
cat $ROOT/s3/bucket/work/cd/34ef5678901234567890123456789012/in.txt >> out.txt
ls $ROOT/s3/inputs/data $ROOT/s3/bucket/work/cd/34ef5678901234567890123456789012 > listing.txt
head -c 3000000 /dev/urandom > big.bin
head -c 2000000 /dev/urandom > first.bin
head -c 40000000 /dev/urandom > large.bin
head -c 20000000 /dev/urandom > log.bin
sync first.bin log.bin
(head -c 40000000 /dev/urandom; sleep 3) > gone.bin; rm gone.bin
mv first.bin moved.bin
head -c 1000000 /dev/urandom >> log.bin
mkdir dir; echo x > dir/x.txt
echo y > y.txt; rm y.txt
test ! -e missing
`

// TestRuntime runs the real runtime against moto with IAM enforced and credentials that carry only the tasks' policy: the
// task succeeds, no call of it is denied, and each is a kind of call that task.jsonl has, which the policies are proved by.
func TestRuntime(t *testing.T) {
	e := enforcing(t)
	ws, err := schema.Load("spec.cue", []byte(`name: "demo"
cluster: {name: "r", account: "123456789012", region: "us-east-1", oidc: "EXAMPLED539D4633E53DE1B71EXAMPLE"}
storage: {work: "s3://bucket/work", inputs: ["s3://inputs"], publish: ["s3://results"]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := gen.Permissions(ws, "task")
	e.give(d)
	const work = "work/ab/0123456789abcdef0123456789abcd"
	root := t.TempDir()
	text := strings.NewReplacer("$ROOT", root, "$WORK", root+"/s3/bucket/"+work).Replace(script)
	e.send(e.admin, "PUT", "bucket/"+work+"/.command.run", nil, nil, text)
	e.send(e.admin, "PUT", "inputs/data/in.txt", nil, nil, "input\n")
	e.send(e.admin, "PUT", "bucket/work/cd/34ef5678901234567890123456789012/in.txt", nil, nil, "other\n")

	var mu sync.Mutex
	var made []calls.Call
	var refused []string
	target, _ := url.Parse(e.url)
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ModifyResponse = func(r *http.Response) error {
		mu.Lock()
		defer mu.Unlock()
		c := recorded(r.Request)
		made = append(made, c)
		if r.StatusCode == 403 {
			refused = append(refused, c.Op+" "+c.Bucket+"/"+c.Key)
		}
		return nil
	}
	proxy := httptest.NewServer(forward)
	defer proxy.Close()

	bin := filepath.Join(t.TempDir(), "fusion")
	build := exec.Command("go", "build", "-o", bin, "./cmd/fusion")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(deadline, "unshare", "--mount", "--propagation", "private", bin, "--root", root, "bash", root+"/s3/bucket/"+work+"/.command.run")
	cmd.Env = append(os.Environ(), "AWS_S3_ENDPOINT="+proxy.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID="+e.role.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+e.role.SecretAccessKey,
		"AWS_SESSION_TOKEN="+e.role.SessionToken, "AWS_EC2_METADATA_DISABLED=true", "FUSION_WORK="+root+"/s3/bucket/"+work, "FUSION_TAGS=[*](nextflow.io/temporary=true)", "TMPDIR="+t.TempDir(), "FUSION_LOG_OUTPUT=stderr")
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Errorf("the task: %v\n%s", err, said.String())
	}
	if len(refused) > 0 {
		t.Errorf("denied: %v", refused)
	}
	kinds := map[string]bool{}
	for _, c := range calls.Task() {
		kinds[kind(c)] = true
	}
	seen := map[string]bool{}
	for _, c := range made {
		seen[c.Op] = true
		if !kinds[kind(c)] {
			t.Errorf("task.jsonl has no call like %s %s/%s %v %v", c.Op, c.Bucket, c.Key, c.Query, c.Headers)
		}
		for _, r := range c.Requests() {
			if policy.Evaluate(r, d).Verdict != policy.Allowed {
				t.Errorf("%s %s/%s needs %s on %s, which the policy does not allow", c.Op, c.Bucket, c.Key, r.Action, r.Resource)
			}
		}
	}
	for _, op := range []string{"HeadObject", "GetObject", "ListObjectsV2", "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
		"AbortMultipartUpload", "CopyObject", "DeleteObject"} {
		if !seen[op] {
			t.Errorf("the task made no %s: %v", op, seen)
		}
	}
}

// kind is what IAM sees of a call: the operation, whether it has tags or a source, and whose place it is in.
func kind(c calls.Call) string {
	return fmt.Sprint(c.Op, " ", c.Bucket, " tags:", c.Headers["x-amz-tagging"] != "", " source:", c.Headers["x-amz-copy-source"] != "")
}

// recorded is a request of the S3 protocol as a call.
func recorded(r *http.Request) calls.Call {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c := calls.Call{Bucket: bucket, Key: key, Query: map[string]string{}, Headers: map[string]string{}}
	for name := range r.URL.Query() {
		c.Query[name] = r.URL.Query().Get(name)
	}
	for _, name := range []string{"x-amz-tagging", "x-amz-copy-source", "x-amz-tagging-directive"} {
		if v := r.Header.Get(name); v != "" {
			c.Headers[name] = strings.TrimPrefix(v, "/")
		}
	}
	query := func(name string) bool { return r.URL.Query().Has(name) }
	switch {
	case key == "" && query("uploads"):
		c.Op = "ListMultipartUploads"
	case key == "":
		c.Op = "ListObjectsV2"
	case query("uploads"):
		c.Op = "CreateMultipartUpload"
	case query("uploadId"):
		c.Op = map[string]string{"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}[r.Method]
		if c.Headers["x-amz-copy-source"] != "" {
			c.Op = "UploadPartCopy"
		}
	case c.Headers["x-amz-copy-source"] != "":
		c.Op = "CopyObject"
	default:
		c.Op = map[string]string{"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[r.Method]
	}
	return c
}
