package object_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// Where a server tells no full checksum of an object of several parts, or calls something so that is none, the ETag confirms it.
func TestJoinedETag(t *testing.T) {
	s := s3test.Start(t)
	data := noise(6<<20, 3)
	for what, sum := range map[string]string{"none": "", "too short": "AAAAAA==", "of the parts": "AAAAAAAAAAA=-2"} {
		c := s3test.Client(t, s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
			f := s3test.Fault{}
			switch q.Op {
			case "CompleteMultipartUpload":
				f.Edit = func(b []byte) []byte { return regexp.MustCompile(`<Checksum.*</Checksum\w+>`).ReplaceAll(b, nil) }
			case "HeadObject", "GetObject":
				f.Header = map[string]string{"X-Amz-Checksum-Crc64nvme": sum}
			}
			return f
		}).URL, quick)
		u, parts := twoParts(t, c, s3test.Key(what), data)
		info, err := c.Complete(t.Context(), u, parts)
		if err != nil || info.Checksum.Value != "" {
			t.Errorf("%s: %+v, %v", what, info, err)
			continue
		}
		got := make([]byte, len(data))
		if err := c.Read(t.Context(), info, 0, got); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: read back: %v", what, err)
		}
	}
}

// twoParts begins an upload and sends data in two parts, the first of 5 MiB.
func twoParts(t *testing.T, c *object.Client, key object.Key, data []byte) (object.Upload, []object.Part) {
	t.Helper()
	u, err := c.Begin(t.Context(), key, object.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var parts []object.Part
	for i, off := range []int64{0, 5 << 20} {
		p, err := c.Part(t.Context(), u, int32(i+1), bytes.NewReader(data), off, min(5<<20, int64(len(data))-off))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	return u, parts
}
