package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	accessKey = "bench"
	secretKey = "bench-secret"
	region    = "us-east-1"
	part      = 8 << 20
)

// raw makes bare S3 requests: signed, neither retried nor verified. It is the ceiling of any client.
type raw struct {
	base   string
	http   *http.Client
	signer *v4.Signer
}

func newRaw(address string) *raw {
	return &raw{
		base: "http://" + address + "/" + bucket + "/", signer: v4.NewSigner(),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true, WriteBufferSize: 1 << 20, ReadBufferSize: 256 << 10}},
	}
}

// do sends one request and gives the body to read.
func (r *raw) do(method, path string, body []byte, header map[string]string, read func(io.Reader) error) (http.Header, error) {
	request, err := http.NewRequest(method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	request.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	keys := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := r.signer.SignHTTP(context.Background(), keys, request, "UNSIGNED-PAYLOAD", "s3", region, time.Now()); err != nil {
		return nil, err
	}
	reply, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 {
		text, _ := io.ReadAll(reply.Body)
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, reply.Status, text)
	}
	if read == nil {
		read = func(body io.Reader) error { _, err := io.Copy(io.Discard, body); return err }
	}
	return reply.Header, read(reply.Body)
}

func (r *raw) put(key string, data []byte) error {
	_, err := r.do("PUT", key, data, nil, nil)
	return err
}

func (r *raw) delete(key string) error {
	_, err := r.do("DELETE", key, nil, nil, nil)
	return err
}

// size returns an object's length, or -1 when there is none.
func (r *raw) size(key string) int64 {
	header, err := r.do("HEAD", key, nil, nil, nil)
	if err != nil {
		return -1
	}
	var n int64 = -1
	fmt.Sscan(header.Get("Content-Length"), &n)
	return n
}

func (r *raw) get(key string, off, n int64) error {
	_, err := r.do("GET", key, nil, map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", off, off+n-1)}, nil)
	return err
}

// getLarge reads in parts, four at a time.
func (r *raw) getLarge(key string, size int64) error {
	return parallel(4, int(size/part), func(i int) error { return r.get(key, int64(i)*part, part) })
}

// putLarge is a multipart upload, four parts at a time.
func (r *raw) putLarge(key string, size int64) error {
	var begun struct{ UploadId string }
	if _, err := r.do("POST", key+"?uploads=", nil, nil, func(body io.Reader) error { return xml.NewDecoder(body).Decode(&begun) }); err != nil {
		return err
	}
	data, etags := pattern(part), make([]string, size/part)
	err := parallel(4, len(etags), func(i int) error {
		header, err := r.do("PUT", fmt.Sprintf("%s?partNumber=%d&uploadId=%s", key, i+1, url.QueryEscape(begun.UploadId)), data, nil, nil)
		if err == nil {
			etags[i] = header.Get("ETag")
		}
		return err
	})
	if err != nil {
		return err
	}
	var list strings.Builder
	list.WriteString("<CompleteMultipartUpload>")
	for i, etag := range etags {
		fmt.Fprintf(&list, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag)
	}
	list.WriteString("</CompleteMultipartUpload>")
	_, err = r.do("POST", key+"?uploadId="+url.QueryEscape(begun.UploadId), []byte(list.String()), nil, nil)
	return err
}

// list returns the number of keys below prefix, page after page.
func (r *raw) list(prefix string) (int, error) {
	n, token := 0, ""
	for {
		query := "?list-type=2&max-keys=1000&delimiter=%2F&prefix=" + url.QueryEscape(prefix)
		if token != "" {
			query += "&continuation-token=" + url.QueryEscape(token)
		}
		var page struct {
			Contents              []struct{ Key string }
			NextContinuationToken string
		}
		if _, err := r.do("GET", query, nil, nil, func(body io.Reader) error { return xml.NewDecoder(body).Decode(&page) }); err != nil {
			return n, err
		}
		n, token = n+len(page.Contents), page.NextContinuationToken
		if token == "" {
			return n, nil
		}
	}
}

// parallel runs f for 0 to n-1, width at a time, and returns the first error.
func parallel(width, n int, f func(i int) error) error {
	var next atomic.Int64
	var group sync.WaitGroup
	var once sync.Once
	var first error
	for range width {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					once.Do(func() { first = err })
					return
				}
			}
		})
	}
	group.Wait()
	return first
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i*7 + i>>8)
	}
	return data
}

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:7070"
	}
	defer l.Close()
	return l.Addr().String()
}

func reachable(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// await returns when done says so, or an error after limit.
func await(limit time.Duration, done func() bool) error {
	for deadline := time.Now().Add(limit); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing after %v", limit)
		}
	}
	return nil
}
