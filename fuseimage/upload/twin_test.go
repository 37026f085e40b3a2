package upload_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// One content under several keys is sent once; where it cannot be copied, it is sent again.
func TestOneContentUnderSeveralKeys(t *testing.T) {
	for name, c := range map[string]struct {
		size       int
		refused    string // operation
		puts, more int    // PutObject, UploadPart
	}{
		"small":     {size: 1000, puts: 1},
		"large":     {size: 20 << 20, more: 3},
		"no copies": {size: 1000, refused: "CopyObject", puts: 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, upload.Options{Delay: time.Millisecond})
			r.proxy.Plan(func(q s3test.Request) s3test.Fault {
				if q.Op == c.refused {
					return s3test.Fault{Status: 403, Code: "AccessDenied"}
				}
				return s3test.Fault{}
			})
			data := noise(c.size, 1)
			content := upload.Stored(r.file(data), map[string]string{"mode": "33188"})
			keys := []string{"a", "b", "c"}
			for _, k := range keys {
				r.queue.Want(s3test.Key(k), content)
			}
			r.flush()
			for _, k := range keys {
				if info := r.holds(k, data); info.Metadata["mode"] != "33188" {
					t.Errorf("%s has metadata %v", k, info.Metadata)
				}
			}
			if ops := r.ops(); ops["PutObject"] != c.puts || ops["UploadPart"] != c.more {
				t.Errorf("%v, want %d PutObject and %d UploadPart", ops, c.puts, c.more)
			}
		})
	}
}

// The present version with other metadata is a copy onto itself, which costs no upload; with the same it costs nothing.
func TestRestated(t *testing.T) {
	r := newRig(t, upload.Options{Delay: time.Millisecond})
	key, data := s3test.Key("a"), noise(1000, 1)
	info, err := r.client.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), object.PutOptions{Metadata: map[string]string{"mode": "33188"}})
	if err != nil {
		t.Fatal(err)
	}
	r.ops()
	r.queue.Want(key, upload.Restated(info, map[string]string{"mode": "33188"}))
	r.flush()
	if ops := r.ops(); ops["CopyObject"] != 0 {
		t.Errorf("%v for what is so already", ops)
	}
	r.queue.Want(key, upload.Restated(info, map[string]string{"mode": "33261"}))
	r.flush()
	if got := r.holds("a", data); got.Metadata["mode"] != "33261" {
		t.Errorf("metadata %v", got.Metadata)
	}
	if ops := r.ops(); ops["CopyObject"] != 1 || ops["PutObject"] != 0 {
		t.Errorf("%v, want one copy", ops)
	}
}
