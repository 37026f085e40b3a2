package contract

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// F19, R05: when S3 refuses a file, a task that succeeded ends with 174 and says why; .exitcode stays away.
func TestF19Refused(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		fault  s3test.Fault
		code   int
		says   string
	}{
		"forbidden":       {"echo x > out", s3test.Fault{Status: 403, Code: "AccessDenied"}, 174, "REQUEST403"},
		"storm":           {"echo x > out", s3test.Fault{Status: 503, Code: "SlowDown"}, 174, "out"},
		"endpoint down":   {"echo x > out", s3test.Fault{Reset: true}, 174, "out"},
		"the child's own": {"echo x > out; exit 9", s3test.Fault{Status: 403, Code: "AccessDenied"}, 9, "REQUEST403"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, p *pod) {
				p.Plan(func(r s3test.Request) s3test.Fault {
					if r.Op == "PutObject" && r.Name == p.key("out") {
						return c.fault
					}
					return s3test.Fault{}
				})
				p.Env["FUSION_STOP_SHUTDOWN_TIMEOUT"] = "2"
				begin := time.Now()
				r := p.begin(c.script)
				if code := r.wait(); code != c.code {
					t.Errorf("exit code %d, want %d; %s", code, c.code, &r.err)
				}
				if took := time.Since(begin); took > 40*time.Second {
					t.Errorf("it took %v", took)
				}
				if !strings.Contains(r.said(), c.says) {
					t.Errorf("said %q, want it to name %s", r.said(), c.says)
				}
				p.absent(p.key(".exitcode"))
				p.absent(p.key("out"))
				if log, ok := p.get(p.key(".fusion.log")); !ok || !strings.Contains(log, p.key("out")) {
					t.Errorf(".fusion.log does not name the file: %s", log)
				}
			})
		})
	}
}

// F19, R05: a server that joins the parts of a file to other bytes, time and again, ends the task with 174 soon.
func TestF19NeverConfirmed(t *testing.T) {
	sum := regexp.MustCompile(`<ChecksumCRC64NVME>[^<]*`)
	each(t, func(t *testing.T, p *pod) {
		p.Plan(func(r s3test.Request) s3test.Fault {
			if r.Op == "CompleteMultipartUpload" {
				return s3test.Fault{Edit: func(b []byte) []byte { return sum.ReplaceAll(b, []byte("<ChecksumCRC64NVME>AAAAAAAAAAA=")) }}
			}
			return s3test.Fault{}
		})
		p.Env["FUSION_STOP_SHUTDOWN_TIMEOUT"] = "4"
		begin := time.Now()
		r := p.begin("head -c 9000000 /dev/urandom > out")
		if code := r.wait(); code != 174 {
			t.Errorf("exit code %d, want 174; %s", code, &r.err)
		}
		if took := time.Since(begin); took > 40*time.Second {
			t.Errorf("it took %v", took)
		}
		p.absent(p.key(".exitcode"))
		log, _ := p.get(p.key(".fusion.log"))
		for _, words := range []string{p.key("out"), "AAAAAAAAAAA=", "right would be", "given up after"} {
			if !strings.Contains(r.said(), words) || !strings.Contains(log, words) {
				t.Errorf("%q is not both in what was said, %s, and in .fusion.log, %s", words, r.said(), log)
			}
		}
	})
}

// F19: a burst of errors that ends is no failure.
func TestF19Burst(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Plan(func(r s3test.Request) s3test.Fault {
			if r.Op == "PutObject" && r.N < 2 {
				return s3test.Fault{Status: 503, Code: "SlowDown"}
			}
			return s3test.Fault{}
		})
		p.task("echo x > out")
		p.want(p.key("out"), "x\n")
		p.want(p.key(".exitcode"), "0")
	})
}

// F23: object tags on each PUT, by the first rule that matches; no header without FUSION_TAGS.
func TestF23Tags(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.Env["FUSION_TAGS"] = "[.command.*|.exitcode|.fusion.*](nextflow.io/metadata=true),[*](nextflow.io/temporary=true)"
		p.task("echo x > out; head -c 20000000 /dev/zero > big; ln out twin")
		seen := 0
		for _, r := range p.requests("PutObject", "CreateMultipartUpload", "CopyObject") {
			want := "nextflow.io%2Ftemporary=true"
			if base := r.Name[strings.LastIndex(r.Name, "/")+1:]; strings.HasPrefix(base, ".command.") || strings.HasPrefix(base, ".fusion.") || base == ".exitcode" {
				want = "nextflow.io%2Fmetadata=true"
			}
			if got := r.Header.Get("X-Amz-Tagging"); got != want {
				t.Errorf("%s %s has tags %q, want %q", r.Op, r.Name, got, want)
			}
			seen++
		}
		if seen < 5 {
			t.Errorf("only %d requests carried objects", seen)
		}
	})
	each(t, func(t *testing.T, p *pod) {
		p.task("echo x > out")
		for _, r := range p.requests("PutObject") {
			if _, ok := r.Header["X-Amz-Tagging"]; ok {
				t.Errorf("%s has a tag header without FUSION_TAGS", r.Name)
			}
		}
	})
}

// F24: the encryption that was asked for is asked of S3, for each way to make an object.
func TestF24Encryption(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.put("in/a", "a")
		p.Env["FUSION_AWS_SERVER_SIDE_ENCRYPTION"], p.Env["FUSION_AWS_SSEKMS_KEY_ID"] = "aws:kms", "arn:aws:kms:eu-west-1:123456789012:key/k"
		p.outputs = []string{"*"}
		p.stage = []string{"ln -sfn /fusion/s3/" + p.bucket + "/in/a a"}
		p.task("echo x > out; head -c 20000000 /dev/zero > big")
		ops := map[string]bool{}
		for _, r := range p.requests("PutObject", "CreateMultipartUpload", "CopyObject") {
			ops[r.Op] = true
			if kind, key := r.Header.Get("X-Amz-Server-Side-Encryption"), r.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"); kind != "aws:kms" || !strings.HasSuffix(key, "key/k") {
				t.Errorf("%s %s asks for encryption %q with key %q", r.Op, r.Name, kind, key)
			}
		}
		if len(ops) != 3 {
			t.Errorf("objects were made by %v, want all three ways", ops)
		}
	})
}

// F25: the bucket is in the path, and the region in the signature is the one that was set.
func TestF25Endpoint(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.task("echo x > out")
		for _, r := range p.requests("PutObject") {
			if r.Bucket != p.bucket || !strings.Contains(r.Header.Get("Authorization"), "/"+s3test.Region+"/s3/aws4_request") {
				t.Errorf("bucket %q, signature %q", r.Bucket, r.Header.Get("Authorization"))
			}
		}
	})
}

// F28: of a task that declares outputs, those and the control files are uploaded; of another, all.
func TestF28Declared(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		p.outputs = []string{"*.bam", "res/**"}
		p.task(`echo 1 > a.bam; echo 2 > tmp.sam; mkdir -p res/x other; echo 3 > res/x/y; echo 4 > other/z; echo 5 > late; mv late late.bam; mv tmp.sam kept.sam`)
		got := slices.DeleteFunc(p.keys(p.key("")), func(k string) bool { return strings.HasSuffix(k, "/") })
		want := []string{".command.begin", ".command.err", ".command.log", ".command.out", ".command.run", ".command.sh", ".exitcode", ".fusion.log", "a.bam", "late.bam", "res/x/y"}
		for i := range want {
			want[i] = p.key(want[i])
		}
		if !slices.Equal(got, want) {
			t.Errorf("S3 holds %q, want %q", got, want)
		}
	})
	each(t, func(t *testing.T, p *pod) {
		p.outputs, p.Env["FUSION_UPLOAD"] = []string{"*.bam"}, "all"
		p.task("echo 2 > tmp.sam")
		p.want(p.key("tmp.sam"), "2\n")
	})
}

// R04: the exit code comes last: whoever sees it sees everything else.
func TestR04ExitCodeLast(t *testing.T) {
	each(t, func(t *testing.T, p *pod) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		watched := make(chan error, 1)
		go func() { watched <- watch(ctx, p) }()
		p.task(`for i in $(seq 20); do head -c 1000000 /dev/urandom > o$i; done`)
		time.AfterFunc(5*time.Second, stop)
		if err := <-watched; err != nil {
			t.Error(err)
		}
	})
}

// watch returns when .exitcode is there.
func watch(ctx context.Context, p *pod) error {
	for ctx.Err() == nil {
		if _, ok, err := client.get(ctx, p.bucket, p.key(".exitcode")); err == nil && ok {
			keys, err := client.list(ctx, p.bucket, p.key("o"))
			if err == nil && len(keys) != 20 {
				err = fmt.Errorf(".exitcode was there with %d of 20 outputs", len(keys))
			}
			return err
		}
	}
	return fmt.Errorf(".exitcode was not seen")
}
