package object_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// raw is the least that a client can do: a signed request on net/http, no check, no retry. It is the ceiling.
type raw struct {
	url    string
	http   *http.Client
	signer *v4.Signer
}

func newRaw(url string) *raw {
	return &raw{url, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true, WriteBufferSize: 64 << 10}}, v4.NewSigner()}
}

func (r *raw) do(b *testing.B, method, key string, body []byte, rng string, buf []byte) {
	req, err := http.NewRequest(method, r.url+"/"+s3test.Bucket+"/"+key, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	req.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	creds := aws.Credentials{AccessKeyID: s3test.AccessKey, SecretAccessKey: s3test.SecretKey}
	if err := r.signer.SignHTTP(context.Background(), creds, req, "UNSIGNED-PAYLOAD", "s3", s3test.Region, time.Now()); err != nil {
		b.Error(err)
		return
	}
	resp, err := r.http.Do(req)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	for {
		if _, err := resp.Body.Read(buf); err != nil {
			break
		}
	}
	if resp.StatusCode >= 300 {
		b.Error(resp.Status)
	}
}

// cpu runs f b.N times from workers and reports our own processor time, as the server takes the rest of the machine.
func cpu(b *testing.B, workers int, f func(i int, buf []byte)) {
	used := func() time.Duration {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var next atomic.Int64
	done := make(chan struct{})
	b.ResetTimer()
	before := used()
	for range workers {
		go func() {
			buf := make([]byte, object.BufferSize)
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				f(int(i), buf)
			}
			done <- struct{}{}
		}()
	}
	for range workers {
		<-done
	}
	b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func BenchmarkCeilings(b *testing.B) {
	s, stop, err := s3test.Run(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	c := s3test.Client(b, s.URL)
	r := newRaw(s.URL)
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	big, part, small := noise(64<<20, 1), noise(8<<20, 2), noise(4096, 3)
	bigInfo, err := c.Put(ctx, s3test.Key("big"), bytes.NewReader(big), int64(len(big)), object.PutOptions{})
	check(err)
	smallInfo, err := c.Put(ctx, s3test.Key("small"), bytes.NewReader(small), int64(len(small)), object.PutOptions{})
	check(err)
	off := func(i int) int64 { return int64(i%8) << 23 }
	u, err := c.Begin(ctx, s3test.Key("parts"), object.PutOptions{})
	check(err)
	for _, t := range []struct {
		name    string
		workers int
		bytes   int64
		raw     func(i int, buf []byte)
		client  func(i int, buf []byte)
	}{
		{"Get8MiB", 4, 8 << 20,
			func(i int, buf []byte) {
				r.do(b, "GET", "big", nil, fmt.Sprintf("bytes=%d-%d", off(i), off(i)+8<<20-1), buf)
			},
			func(i int, buf []byte) {
				check(c.Get(ctx, bigInfo, off(i), 8<<20, func(int64, []byte) error { return nil }))
			}},
		{"Get64KiB", 8, 64 << 10,
			func(i int, buf []byte) {
				r.do(b, "GET", "big", nil, fmt.Sprintf("bytes=%d-%d", off(i), off(i)+64<<10-1), buf)
			},
			func(i int, buf []byte) { check(c.Read(ctx, bigInfo, off(i), buf[:64<<10])) }},
		{"GetSmall", 1, 4096,
			func(i int, buf []byte) { r.do(b, "GET", "small", nil, "", buf) },
			func(i int, buf []byte) { check(c.Read(ctx, smallInfo, 0, buf[:4096])) }},
		{"PutSmall", 8, 4096,
			func(i int, buf []byte) { r.do(b, "PUT", fmt.Sprint("p", i%500), small, "", buf) },
			func(i int, buf []byte) {
				_, err := c.Put(ctx, s3test.Key(fmt.Sprint("p", i%500)), bytes.NewReader(small), 4096, object.PutOptions{})
				check(err)
			}},
		{"Part8MiB", 4, 8 << 20,
			func(i int, buf []byte) {
				r.do(b, "PUT", fmt.Sprintf("parts?partNumber=%d&uploadId=%s", i%16+1, u.ID), part, "", buf)
			},
			func(i int, buf []byte) {
				_, err := c.Part(ctx, u, int32(i%16+1), bytes.NewReader(part), 0, int64(len(part)))
				check(err)
			}},
	} {
		b.Run(t.name+"/raw", func(b *testing.B) { b.SetBytes(t.bytes); cpu(b, t.workers, t.raw) })
		b.Run(t.name+"/client", func(b *testing.B) { b.SetBytes(t.bytes); cpu(b, t.workers, t.client) })
	}
}
