package object_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// quick makes the client impatient, so that faults take little of a test's time.
func quick(cfg *object.Config) {
	cfg.Idle = 400 * time.Millisecond
	cfg.Retry = 10 * time.Second
}

// first spoils the first request of an operation.
func first(op string, f s3test.Fault) func(s3test.Request) s3test.Fault {
	return func(q s3test.Request) s3test.Fault {
		if q.Op == op && q.N == 0 {
			return f
		}
		return s3test.Fault{}
	}
}

// collect reads a range and checks that each byte comes once, in order.
func collect(t *testing.T, c *object.Client, info object.Info, off, n int64) ([]byte, error) {
	t.Helper()
	var got []byte
	err := c.Get(t.Context(), info, off, n, func(at int64, p []byte) error {
		if at != off+int64(len(got)) {
			t.Errorf("byte %d came after %d", at, off+int64(len(got)))
		}
		got = append(got, p...)
		return nil
	})
	return got, err
}

// FUSION_SOAK=1 lets the bursts last a minute.
func TestR06SlowDownBursts(t *testing.T) {
	files, until := 12, time.Now()
	if os.Getenv("FUSION_SOAK") != "" {
		until = until.Add(time.Minute)
	}
	s := s3test.Start(t)
	var faults, n atomic.Int64
	p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
		if i := n.Add(1); i%10 < 3 { // bursts: three of ten in a row
			faults.Add(1)
			return [3]s3test.Fault{{Status: 503, Code: "SlowDown"}, {Status: 500, Code: "InternalError"}, {Status: 503, Code: "ServiceUnavailable"}}[i%3]
		}
		return s3test.Fault{}
	})
	c := s3test.Client(t, p.URL)
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for i := 0; i < files || time.Now().Before(until); i++ {
				data := noise(1000+i%1000, uint64(w*100+i))
				key := s3test.Key(fmt.Sprintf("w%d/%d", w, i))
				info, err := c.Put(context.Background(), key, bytes.NewReader(data), int64(len(data)), object.PutOptions{})
				got := make([]byte, len(data))
				if err == nil {
					err = c.Read(context.Background(), info, 0, got)
				}
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
	group.Wait()
	if st := c.Stats(); st.Retries > 2*faults.Load() || faults.Load() < 50 {
		t.Errorf("%d retries for %d faults", st.Retries, faults.Load())
	}
}

// A server that is down for all is asked less and less: the budget spreads the retries of all requests.
func TestR06RetryBudget(t *testing.T) {
	s := s3test.Start(t)
	p := s3test.NewProxy(t, s, func(s3test.Request) s3test.Fault { return s3test.Fault{Status: 503, Code: "SlowDown"} })
	c := s3test.Client(t, p.URL, func(cfg *object.Config) { cfg.Retry = time.Second })
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			if _, err := c.Head(context.Background(), s3test.Key("x")); object.Errno(err) != syscall.EBUSY {
				t.Errorf("%v", err)
			}
		})
	}
	group.Wait()
	if n := len(p.Requests()); n > 32+100+40 {
		t.Errorf("%d requests from 32 callers in 1 s", n)
	}
}

func TestR07Stalls(t *testing.T) {
	s := s3test.Start(t)
	data := noise(2<<20, 1)
	info := put(t, s3test.Client(t, s.URL), "x", data)
	for what, f := range map[string]s3test.Fault{"body": {Stall: 700_000}, "headers": {Hang: true}} {
		t.Run(what, func(t *testing.T) {
			c := s3test.Client(t, s3test.NewProxy(t, s, first("GetObject", f)).URL, quick)
			begun := time.Now()
			got, err := collect(t, c, info, 5, int64(len(data))-9)
			if err != nil || !bytes.Equal(got, data[5:len(data)-4]) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if d := time.Since(begun); d > 2*time.Second {
				t.Errorf("took %s", d)
			}
			if st := c.Stats(); what == "headers" && st.Hedges != 1 {
				t.Errorf("%d hedges", st.Hedges)
			}
		})
	}
	t.Run("put", func(t *testing.T) {
		c := s3test.Client(t, s3test.NewProxy(t, s, first("PutObject", s3test.Fault{Reset: true})).URL, quick)
		put(t, c, "y", data)
	})
}

func TestR08DamagedReplies(t *testing.T) {
	s := s3test.Start(t)
	data := noise(1<<20, 2)
	info := put(t, s3test.Client(t, s.URL), "x", data)
	for what, f := range map[string]s3test.Fault{
		"truncated":     {Truncate: 300_000},
		"reset":         {Reset: true},
		"content range": {Range: "bytes 0-99/1048576"},
		"etag":          {ETag: `"00000000000000000000000000000000"`},
	} {
		t.Run(what, func(t *testing.T) {
			c := s3test.Client(t, s3test.NewProxy(t, s, first("GetObject", f)).URL, quick)
			got, err := collect(t, c, info, 100, 900_000)
			if err != nil || !bytes.Equal(got, data[100:900_100]) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if c.Stats().Retries == 0 {
				t.Error("the fault was not noticed")
			}
		})
	}
	t.Run("flipped", func(t *testing.T) {
		c := s3test.Client(t, s3test.NewProxy(t, s, first("GetObject", s3test.Fault{Flip: 777_777})).URL, quick)
		got := make([]byte, len(data))
		if err := c.Read(t.Context(), info, 0, got); err != nil || !bytes.Equal(got, data) {
			t.Fatal("a flipped byte got through: ", err)
		}
	})
	t.Run("always flipped", func(t *testing.T) {
		c := s3test.Client(t, s3test.NewProxy(t, s, func(s3test.Request) s3test.Fault { return s3test.Fault{Flip: 5} }).URL, quick)
		if err := c.Read(t.Context(), info, 0, make([]byte, len(data))); !errors.Is(err, object.ErrCorrupt) || object.Errno(err) != syscall.EIO {
			t.Fatal(err)
		}
	})
	t.Run("flipped on the way up", func(t *testing.T) {
		c := s3test.Client(t, s3test.NewProxy(t, s, first("PutObject", s3test.Fault{FlipSent: 5})).URL, quick)
		up := put(t, c, "up", data)
		got := make([]byte, len(data))
		if err := c.Read(t.Context(), up, 0, got); err != nil || !bytes.Equal(got, data) {
			t.Fatal("a flipped byte was stored: ", err)
		}
	})
}

func TestR09CompleteFails(t *testing.T) {
	s := s3test.Start(t)
	data := noise(6<<20, 3)
	upload := func(t *testing.T, c *object.Client, key object.Key) (object.Info, error) {
		u, parts := twoParts(t, c, key, data)
		return c.Complete(t.Context(), u, parts)
	}
	const op = "CompleteMultipartUpload"
	for what, f := range map[string]s3test.Fault{
		"error in a 200":      {Status: 200, Code: "InternalError"},
		"the reply is lost":   {Reset: true, After: true},
		"500 after it worked": {Status: 500, Code: "InternalError", After: true},
	} {
		t.Run(what, func(t *testing.T) {
			key := s3test.Key("once " + what)
			c := s3test.Client(t, s3test.NewProxy(t, s, first(op, f)).URL, quick)
			info, err := upload(t, c, key)
			if err != nil {
				t.Fatal(err)
			}
			if head, err := c.Head(t.Context(), key); err != nil || head.Checksum != info.Checksum || head.Size != int64(len(data)) {
				t.Fatalf("%+v, %v; complete said %+v", head, err, info)
			}
		})
	}
	t.Run("always", func(t *testing.T) {
		c := s3test.Client(t, s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
			if q.Op == op {
				return s3test.Fault{Status: 200, Code: "InternalError"}
			}
			return s3test.Fault{}
		}).URL, func(cfg *object.Config) { cfg.Retry = 300 * time.Millisecond })
		_, err := upload(t, c, s3test.Key("never"))
		var e *object.Error
		if !errors.As(err, &e) || e.Code != "InternalError" {
			t.Fatalf("an error in a 200 was taken for success: %v", err)
		}
		if _, err := c.Head(t.Context(), s3test.Key("never")); object.Errno(err) != syscall.ENOENT {
			t.Fatalf("visible: %v", err)
		}
	})
}

// A reader of a replaced object sees an error, never bytes of both.
func TestR17ChangedWhileRead(t *testing.T) {
	s := s3test.Start(t)
	direct := s3test.Client(t, s.URL)
	old := noise(1<<20, 4)
	info := put(t, direct, "x", old)
	p := s3test.NewProxy(t, s, first("GetObject", s3test.Fault{Truncate: 500_000}))
	c := s3test.Client(t, p.URL, quick)
	var got []byte
	err := c.Get(t.Context(), info, 0, info.Size, func(_ int64, b []byte) error {
		if got == nil {
			put(t, direct, "x", noise(1<<20, 5))
		}
		got = append(got, b...)
		return nil
	})
	if !errors.Is(err, object.ErrChanged) || object.Errno(err) != syscall.ESTALE {
		t.Fatalf("%v", err)
	}
	if !bytes.Equal(got, old[:len(got)]) {
		t.Fatal("bytes of two versions were mixed")
	}
	direct.Delete(t.Context(), info.Key)
	if err := c.Read(t.Context(), info, 0, make([]byte, 5)); object.Errno(err) != syscall.ESTALE {
		t.Fatalf("a deleted object: %v", err)
	}
}

func TestErrno(t *testing.T) {
	s := s3test.Start(t)
	for _, test := range []struct {
		fault s3test.Fault
		want  syscall.Errno
	}{
		{s3test.Fault{Status: 403, Code: "AccessDenied"}, syscall.EACCES},
		{s3test.Fault{Status: 404, Code: "NoSuchBucket"}, syscall.ENOENT},
		{s3test.Fault{Status: 403, Code: "InvalidObjectState"}, syscall.EBUSY},
		{s3test.Fault{Status: 400, Code: "InvalidRequest"}, syscall.EINVAL},
		{s3test.Fault{Status: 503, Code: "SlowDown"}, syscall.EBUSY},
		{s3test.Fault{Status: 500, Code: "InternalError"}, syscall.EREMOTEIO},
		{s3test.Fault{Reset: true}, syscall.EREMOTEIO},
	} {
		c := s3test.Client(t, s3test.NewProxy(t, s, func(s3test.Request) s3test.Fault { return test.fault }).URL,
			func(cfg *object.Config) { cfg.Retry = 100 * time.Millisecond })
		_, err := c.Any(t.Context(), s3test.Key("x"))
		if got := object.Errno(err); got != test.want {
			t.Errorf("%+v gives %v (%v), want %v", test.fault, got, err, test.want)
		}
		var e *object.Error
		if test.fault.Status != 0 && (!errors.As(err, &e) || e.RequestID != fmt.Sprintf("REQUEST%d", test.fault.Status) || !strings.Contains(err.Error(), e.RequestID)) {
			t.Errorf("%v lacks the request id", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s3test.Client(t, s.URL).Head(ctx, s3test.Key("x")); object.Errno(err) != syscall.EINTR {
		t.Errorf("cancelled: %v", err)
	}
}

// Where a server does not know a checksum, the next weaker is used; none that verifies nothing.
func TestWeakerChecksums(t *testing.T) {
	s := s3test.Start(t)
	data := noise(100_000, 6)
	for refused, want := range map[string]string{"crc64nvme": "CRC32C", "crc64nvme crc32c": ""} {
		p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
			for _, alg := range strings.Fields(refused) {
				if q.Header.Get("X-Amz-Checksum-"+alg) != "" {
					return s3test.Fault{Status: 501, Code: "NotImplemented"}
				}
			}
			return s3test.Fault{Header: map[string]string{"X-Amz-Checksum-Crc64nvme": "", "X-Amz-Checksum-Type": ""}}
		})
		info := put(t, s3test.Client(t, p.URL), "x", data)
		if info.Checksum.Algorithm != want {
			t.Errorf("without %s verified by %+v", refused, info.Checksum)
		}
	}
	hide := map[string]string{"X-Amz-Checksum-Crc64nvme": "", "X-Amz-Checksum-Type": ""}
	p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
		return s3test.Fault{Header: hide, ETag: `"00000000000000000000000000000000"`}
	})
	c := s3test.Client(t, p.URL, func(cfg *object.Config) { cfg.Retry = 500 * time.Millisecond })
	if _, err := c.Put(t.Context(), s3test.Key("x"), bytes.NewReader(data), int64(len(data)), object.PutOptions{}); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("a wrong MD5 was accepted: %v", err)
	}
}

// The clock of the pod is ten minutes behind the server's.
func TestR23ClockSkew(t *testing.T) {
	s := s3test.Start(t)
	const skew = 10 * time.Minute
	p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
		at, err := time.Parse("20060102T150405Z", q.Header.Get("X-Amz-Date"))
		server := time.Now().Add(skew)
		if d := server.Sub(at).Abs(); err != nil || d > time.Minute {
			return s3test.Fault{Status: 403, Code: "RequestTimeTooSkewed", Header: map[string]string{"Date": server.UTC().Format(http.TimeFormat)}}
		}
		return s3test.Fault{Header: map[string]string{"Date": server.UTC().Format(http.TimeFormat)}}
	})
	c := s3test.Client(t, p.URL)
	data := noise(1000, 7)
	info := put(t, c, "x", data)
	got := make([]byte, 1000)
	if err := c.Read(t.Context(), info, 0, got); err != nil || !bytes.Equal(got, data) {
		t.Fatal(err)
	}
	if n := len(p.Requests()); n > 4 {
		t.Errorf("%d requests: the skew was not remembered", n)
	}
}

// A bucket in another region is found by the server's hint, once.
func TestOtherRegion(t *testing.T) {
	s := s3test.Start(t)
	p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
		if !strings.Contains(q.Header.Get("Authorization"), "/eu-north-1/s3/") {
			return s3test.Fault{Status: 301, Code: "PermanentRedirect", Header: map[string]string{"X-Amz-Bucket-Region": "eu-north-1"}}
		}
		return s3test.Fault{Status: 404, Code: "NoSuchKey"}
	})
	c := s3test.Client(t, p.URL)
	for range 2 {
		if _, err := c.Head(t.Context(), s3test.Key("x")); object.Errno(err) != syscall.ENOENT {
			t.Fatal(err)
		}
		if _, err := c.Any(t.Context(), s3test.Key("x")); object.Errno(err) != syscall.ENOENT {
			t.Fatal(err)
		}
	}
	if n := len(p.Requests()); n != 5 {
		t.Errorf("%d requests", n)
	}
}

// Above the limit of one copy the server copies parts, and what fails is aborted.
func TestR21CopyInParts(t *testing.T) {
	s := s3test.Start(t)
	p := s3test.NewProxy(t, s, nil)
	c := s3test.Client(t, p.URL, quick)
	data := noise(13<<20, 8)
	from := put(t, c, "from", data)
	p.Requests()
	p.Plan(first("UploadPartCopy", s3test.Fault{Status: 200, Code: "InternalError"}))
	to, err := c.CopyInParts(t.Context(), from, s3test.Key("to"), 6<<20, 5<<20)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(data))
	if err := c.Read(t.Context(), to, 0, got); err != nil || !bytes.Equal(got, data) {
		t.Fatal(err)
	}
	n := 0
	for _, q := range p.Requests() {
		if q.Op == "UploadPartCopy" {
			n++
		}
	}
	if n != 4 { // three, and the first once more
		t.Errorf("%d parts", n)
	}
	p.Plan(func(q s3test.Request) s3test.Fault {
		if q.Op == "UploadPartCopy" && q.Query.Get("partNumber") == "2" {
			return s3test.Fault{Status: 403, Code: "AccessDenied"}
		}
		return s3test.Fault{}
	})
	if _, err := c.CopyInParts(t.Context(), from, s3test.Key("never"), 6<<20, 5<<20); object.Errno(err) != syscall.EACCES {
		t.Fatal(err)
	}
	if ids, err := c.Uploads(t.Context(), s3test.Key("never")); err != nil || len(ids) != 0 {
		t.Errorf("left: %v, %v", ids, err)
	}
}

// What can be no bucket is told to be missing without a request; what is none, with one.
func TestNoBucket(t *testing.T) {
	p := s3test.NewProxy(t, s3test.Start(t), nil)
	c := s3test.Client(t, p.URL)
	for name, requests := range map[string]int{"nobucket": 2, ".Trash": 0, "a b": 0, "x": 0} {
		_, head := c.Head(t.Context(), object.Key{Bucket: name, Name: "x"})
		_, list := c.Any(t.Context(), object.Key{Bucket: name, Name: "x/"})
		if n := len(p.Requests()); object.Errno(head) != syscall.ENOENT || object.Errno(list) != syscall.ENOENT || n != requests {
			t.Errorf("%q: %d requests; %v; %v", name, n, head, list)
		}
	}
}

func TestCABundle(t *testing.T) {
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	defer tls.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := s3test.Client(t, tls.URL, func(cfg *object.Config) { cfg.CABundle = bundle })
	if _, err := trusting.Head(t.Context(), s3test.Key("x")); object.Errno(err) != syscall.ENOENT {
		t.Error(err)
	}
	begun := time.Now()
	if _, err := s3test.Client(t, tls.URL).Head(t.Context(), s3test.Key("x")); err == nil || !strings.Contains(err.Error(), "certificate") || time.Since(begun) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	missing := object.Config{Region: "us-east-1", CABundle: bundle + ".missing", Endpoint: tls.URL}
	if _, err := object.New(t.Context(), missing); err == nil {
		t.Error("a bundle that is not there is accepted")
	}
	missing.Endpoint = "http" + strings.TrimPrefix(tls.URL, "https")
	if _, err := object.New(t.Context(), missing); err != nil {
		t.Errorf("without TLS the bundle is read: %v", err)
	}
}
