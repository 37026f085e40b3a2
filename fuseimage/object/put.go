package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// A verification is how a server confirms what it stored.
type verification int32

const (
	byCRC64  verification = iota // x-amz-checksum-crc64nvme, of the full object also for multipart
	byCRC32C                     // of the parts for multipart
	byETag                       // MD5
)

// replyTime bounds the server's work after the last byte of a body.
const replyTime = 60 * time.Second

// PutOptions are the headers of a new object.
type PutOptions struct {
	Tags     string // URL-encoded, "" for none
	Metadata map[string]string
	IfAbsent bool // fail with EEXIST when the key exists
}

// Put stores size bytes of body and returns only when the server confirmed their checksum. body must not change
// meanwhile; when it does, the server refuses it and the error is ErrCorrupt.
func (c *Client) Put(ctx context.Context, key Key, body io.ReaderAt, size int64, o PutOptions) (info Info, err error) {
	err = c.do(ctx, "PutObject", key, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		how := verification(c.verify.Load())
		d, err := c.digest(ctx, body, 0, size, how)
		if err != nil {
			return errFinal{err}
		}
		in := &s3.PutObjectInput{
			Bucket: &key.Bucket, Key: &key.Name, ContentLength: &size, Metadata: o.Metadata,
			Tagging: optional(o.Tags), ServerSideEncryption: types.ServerSideEncryption(c.cfg.SSE), SSEKMSKeyId: optional(c.cfg.SSEKey),
		}
		if o.IfAbsent {
			in.IfNoneMatch = aws.String("*")
		}
		switch how {
		case byCRC64:
			in.ChecksumCRC64NVME = aws.String(d.header64())
		case byCRC32C:
			in.ChecksumCRC32C = aws.String(d.header32())
		}
		return c.send(ctx, body, 0, size, func(ctx context.Context, r io.Reader) error {
			in.Body = r
			out, err := c.s3.PutObject(ctx, in, bucket, unsigned)
			if err != nil {
				return c.weaken(how, err)
			}
			info = Info{
				Key: key, Size: size, ETag: aws.ToString(out.ETag), Modified: time.Now().Truncate(time.Second), Metadata: o.Metadata,
				Checksum: fullChecksum(out.ChecksumType, out.ChecksumCRC64NVME, out.ChecksumCRC32C, nil),
			}
			return c.confirm(ctx, d, body, 0, size, info.ETag, info.Checksum)
		})
	})
	return info, err
}

func (c *Client) digest(ctx context.Context, body io.ReaderAt, off, size int64, how verification) (digest, error) {
	buf, err := c.buffers.get(ctx)
	if err != nil {
		return digest{}, err
	}
	defer c.buffers.put(buf)
	return sum(body, off, size, buf, how == byCRC32C)
}

// send runs one request with [off, off+size) of body, under a watchdog that each piece sent keeps alive.
func (c *Client) send(ctx context.Context, body io.ReaderAt, off, size int64, f func(context.Context, io.Reader) error) error {
	ctx, dog, stop := watch(ctx, c.cfg.Idle)
	defer stop()
	r := &sending{SectionReader: io.NewSectionReader(body, off, size), dog: dog}
	err := dog.explain(f(ctx, r))
	c.counts.up.Add(r.sent)
	return err
}

// sending is a request body that tells the watchdog how it gets on.
type sending struct {
	*io.SectionReader
	dog  *watchdog
	sent int64
}

func (s *sending) Read(p []byte) (int, error) {
	n, err := s.SectionReader.Read(p)
	s.sent += int64(n)
	if at, _ := s.SectionReader.Seek(0, io.SeekCurrent); at == s.Size() {
		s.dog.within(replyTime)
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

// unsigned leaves the body out of the signature: its checksum header is signed instead, and read only once.
func unsigned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
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
