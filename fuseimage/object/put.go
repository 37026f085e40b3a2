package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A verification is how a server confirms what it stored.
type verification int32

const (
	byCRC64  verification = iota // x-amz-checksum-crc64nvme, of the full object also for multipart
	byCRC32C                     // of the parts for multipart
	byETag                       // MD5
)

// replyIdles bounds the server's work after the last byte of a body, in units of Config.Idle.
const replyIdles = 12

// PutOptions are the headers of a new object.
type PutOptions struct {
	Tags     string // URL-encoded, "" for none
	Metadata map[string]string
	IfAbsent bool // fail with EEXIST when the key exists
}

// Put stores size bytes of body and returns only when the server confirmed their checksum. body must not change
// meanwhile; when it does, the server refuses it and the error is ErrCorrupt.
func (c *Client) Put(ctx context.Context, key Key, body io.ReaderAt, size int64, o PutOptions) (info Info, err error) {
	err = c.do(ctx, "PutObject", key, func(ctx context.Context, _ func(), _ func(*s3.Options)) error {
		how := verification(c.verify.Load())
		d, err := c.digest(ctx, body, 0, size, how)
		if err != nil {
			return errFinal{err}
		}
		r := newRequest(http.MethodPut, key)
		c.describe(r, o)
		if o.IfAbsent {
			r.set("If-None-Match", "*")
		}
		resp, err := c.send(ctx, r, body, 0, size, d, how)
		if err != nil {
			return c.weaken(how, err)
		}
		info = Info{Key: key, Size: size, ETag: resp.Get("ETag"), Modified: time.Now().Truncate(time.Second), Metadata: o.Metadata, Checksum: checksumOf(resp)}
		return c.confirm(ctx, d, body, 0, size, info.ETag, info.Checksum)
	})
	return info, err
}

// describe sets the headers of a new object.
func (c *Client) describe(r *request, o PutOptions) {
	r.set("X-Amz-Tagging", o.Tags)
	r.set("X-Amz-Server-Side-Encryption", c.cfg.SSE)
	r.set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", c.cfg.SSEKey)
	for name, value := range o.Metadata {
		r.set("X-Amz-Meta-"+name, value)
	}
}

func (c *Client) digest(ctx context.Context, body io.ReaderAt, off, size int64, how verification) (digest, error) {
	buf, err := c.buffers.get(ctx)
	if err != nil {
		return digest{}, err
	}
	defer c.buffers.put(buf)
	return sum(body, off, size, buf, how == byCRC32C)
}

// send makes r with [off, off+size) of body, under a watchdog that each piece sent keeps alive.
func (c *Client) send(ctx context.Context, r *request, body io.ReaderAt, off, size int64, d digest, how verification) (http.Header, error) {
	switch how {
	case byCRC64:
		r.set("X-Amz-Checksum-Crc64nvme", d.header64())
	case byCRC32C:
		r.set("X-Amz-Checksum-Crc32c", d.header32())
	}
	ctx, dog, stop := watch(ctx, c.cfg.Idle)
	defer stop()
	s := &sending{r: io.NewSectionReader(body, off, size), dog: dog, reply: replyIdles * c.cfg.Idle}
	s.left.Store(size)
	r.body, r.size = s, size
	resp, err := c.call(ctx, r)
	c.counts.up.Add(size - s.left.Load())
	if err != nil {
		return nil, dog.explain(err)
	}
	_, err = io.Copy(io.Discard, resp.Body) // for the connection's next use
	resp.Body.Close()
	return resp.Header, dog.explain(err)
}

// sending is a request body that tells the watchdog how it gets on.
type sending struct {
	r     *io.SectionReader
	left  atomic.Int64 // also read after a failed request, whose body may still be in use
	dog   *watchdog
	reply time.Duration
}

func (s *sending) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.left.Add(-int64(n)) == 0 {
		s.dog.within(s.reply)
	} else {
		s.dog.alive()
	}
	return n, err
}

// weaken steps down to what an older server understands, when it refused the checksum header as such.
func (c *Client) weaken(how verification, err error) error {
	status, code, _ := reply(err)
	refused := status == http.StatusNotImplemented || code == "NotImplemented" ||
		status == http.StatusBadRequest && strings.Contains(strings.ToLower(err.Error()), "checksum") && code != "BadDigest" && code != "XAmzContentChecksumMismatch"
	if refused && how < byETag && c.verify.CompareAndSwap(int32(how), int32(how+1)) {
		return fmt.Errorf("%w: %w", errWeakened, err)
	}
	return err
}

var errWeakened = errors.New("the server does not know this checksum; trying a weaker one")

var md5ETag = regexp.MustCompile(`^"?[0-9a-f]{32}"?$`)

// confirm holds the server's reply against the bytes sent: by its checksum, else by an ETag that is an MD5. A server
// that gives neither has at least checked the header it was sent.
func (c *Client) confirm(ctx context.Context, d digest, body io.ReaderAt, off, size int64, etag string, got Checksum) error {
	want := ""
	switch {
	case got.Algorithm == algorithmCRC64:
		want = d.header64()
	case got.Algorithm == algorithm32C && verification(c.verify.Load()) == byCRC32C:
		want = d.header32()
	case c.cfg.SSE == "" && md5ETag.MatchString(etag):
		buf, err := c.buffers.get(ctx)
		if err != nil {
			return err
		}
		defer c.buffers.put(buf)
		got.Value = strings.Trim(etag, `"`)
		if want, err = sumMD5(body, off, size, buf); err != nil {
			return errFinal{err}
		}
	default:
		return fmt.Errorf("%w: the server confirms neither by a checksum nor by an MD5 ETag", ErrCorrupt)
	}
	if got.Value != want {
		return fmt.Errorf("%w: the server holds %s, sent was %s", ErrCorrupt, got.Value, want)
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Sum returns the CRC64NVME of [off, off+size) of body, to hold against a Part's.
func (c *Client) Sum(ctx context.Context, body io.ReaderAt, off, size int64) (uint64, error) {
	d, err := c.digest(ctx, body, off, size, byCRC64)
	return d.crc64, err
}
