package upload_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A server that never confirms what it made of the parts fails the flush after a few whole uploads, though each of them sends bytes.
func TestR05NeverConfirmed(t *testing.T) {
	checksum, etag := regexp.MustCompile(`<Checksum.*</Checksum\w+>`), regexp.MustCompile(`[0-9a-f]{32}-`)
	const wrongSum, wrongTag = "AAAAAAAAAAA=", "00000000000000000000000000000000-2"
	for what, test := range map[string]struct {
		says  string
		reply func([]byte) []byte
		head  s3test.Fault
	}{
		"another checksum": {
			says: wrongSum,
			reply: func(b []byte) []byte {
				return checksum.ReplaceAll(b, []byte("<ChecksumCRC64NVME>"+wrongSum+"</ChecksumCRC64NVME>"))
			},
		},
		"no checksum, another in the object": {
			says:  wrongSum,
			reply: func(b []byte) []byte { return checksum.ReplaceAll(b, nil) },
			head:  s3test.Fault{Header: map[string]string{"X-Amz-Checksum-Crc64nvme": wrongSum}},
		},
		"no checksum and another ETag": {
			says:  wrongTag,
			reply: func(b []byte) []byte { return etag.ReplaceAll(checksum.ReplaceAll(b, nil), []byte(wrongTag[:33])) },
			head:  s3test.Fault{Header: map[string]string{"X-Amz-Checksum-Crc64nvme": "", "X-Amz-Checksum-Type": ""}, ETag: `"` + wrongTag + `"`},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, upload.Options{Policy: exitLast, Stall: 4 * time.Second})
			r.proxy.Plan(func(q s3test.Request) s3test.Fault {
				switch q.Op {
				case "CompleteMultipartUpload":
					return s3test.Fault{Edit: test.reply}
				case "HeadObject":
					return test.head
				}
				return s3test.Fault{}
			})
			data := noise(9<<20, 1)
			r.queue.Want(s3test.Key("big"), upload.Stored(r.file(data), nil))
			r.queue.Want(s3test.Key(".exitcode"), upload.Stored(r.file([]byte("0")), nil))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := r.queue.Flush(ctx)
			if err == nil || ctx.Err() != nil || strings.Contains(err.Error(), "no progress") {
				t.Fatalf("flush says %v", err)
			}
			for _, part := range []string{"s3://bucket/big", test.says, "right would be"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
			if !errors.Is(err, object.ErrCorrupt) || !errors.Is(err, syscall.EIO) {
				t.Errorf("%v is not EIO", err)
			}
			if n := r.ops()["CreateMultipartUpload"]; n != 3 {
				t.Errorf("%d whole uploads", n)
			}
			r.holds(".exitcode", nil)
			r.proxy.Plan(nil)
			r.flush()
			r.holds("big", data)
			r.holds(".exitcode", []byte("0"))
		})
	}
}

// Parts that are sent again and again, because their upload always fails in the end, are no progress.
func TestR05RepeatedPartsAreNoProgress(t *testing.T) {
	t.Parallel()
	r := newRig(t, upload.Options{Stall: time.Second}, func(c *object.Config) { c.Retry = 100 * time.Millisecond })
	r.proxy.Plan(func(q s3test.Request) s3test.Fault {
		if q.Op == "CompleteMultipartUpload" {
			return s3test.Fault{Status: 500, Code: "InternalError"}
		}
		return s3test.Fault{}
	})
	r.queue.Want(s3test.Key("big"), upload.Stored(r.file(noise(9<<20, 1)), nil))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := r.queue.Flush(ctx); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "no progress") || !strings.Contains(err.Error(), "REQUEST500") {
		t.Fatalf("flush says %v", err)
	}
}
