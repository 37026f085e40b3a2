package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const opGet = "GetObject"

// Read fills p with the object's bytes from off, exactly; a range beyond the end is an error. ErrChanged when the
// object is no longer info's version.
func (c *Client) Read(ctx context.Context, info Info, off int64, p []byte) error {
	buffer := func(off2 int64) []byte { return p[off2-off:] }
	for tries := 0; ; tries++ {
		err := c.get(ctx, info, off, int64(len(p)), buffer, func(int64, []byte) error { return nil })
		if err == nil || !errors.Is(err, ErrCorrupt) || tries == 3 {
			return err
		}
	}
}

// Get passes bytes [off, off+n) of info to sink, in order, each once, in pieces of at most BufferSize bytes that are
// valid during the call only. A connection that stalls or breaks is replaced and goes on where the last byte was.
// An error of sink ends it and is returned. ErrChanged as for Read. When the range is the full object and its
// checksum is known, it is verified, with ErrCorrupt on mismatch (the sink has then seen wrong bytes).
func (c *Client) Get(ctx context.Context, info Info, off, n int64, sink func(off int64, p []byte) error) error {
	buf, err := c.buffers.get(ctx)
	if err != nil {
		return c.fail(opGet, info.Key, err)
	}
	defer c.buffers.put(buf)
	return c.get(ctx, info, off, n, func(int64) []byte { return buf }, sink)
}

// get reads into what buffer returns for an offset.
func (c *Client) get(ctx context.Context, info Info, off, n int64, buffer func(int64) []byte, sink func(int64, []byte) error) error {
	if off < 0 || n < 0 || off+n > info.Size {
		return c.fail(opGet, info.Key, fmt.Errorf("range %d+%d is outside of the object's %d bytes", off, n, info.Size))
	}
	pos, end := off, off+n
	whole := n == info.Size
	var tally *Tally // of a whole object, once its checksum is known
	var seen *Run
	if n == 0 {
		return nil
	}
	err := c.do(ctx, opGet, info.Key, func(ctx context.Context, progress func(), o func(*s3.Options)) error {
		reply, err := c.open(ctx, info, pos, end-pos, o)
		if err != nil {
			return err
		}
		defer reply.close()
		if whole && pos == 0 {
			if full := info; reply.sum.Value != "" || info.Checksum.Value != "" {
				if reply.sum.Value != "" {
					full.Checksum = reply.sum
				}
				if tally = NewTally(full); tally != nil {
					seen = tally.Begin(0)
				}
			}
		}
		for pos < end {
			p := buffer(pos)
			p = p[:min(int64(len(p)), end-pos)]
			got, err := io.ReadFull(reply, p)
			if got > 0 {
				c.counts.down.Add(int64(got))
				if seen != nil {
					seen.Write(p[:got])
				}
				if err := sink(pos, p[:got]); err != nil {
					return errFinal{err}
				}
				pos += int64(got)
				progress()
			}
			if pos < end && err != nil {
				return fmt.Errorf("body ended at byte %d of %d: %w", pos, end, err)
			}
		}
		return nil
	})
	if err != nil || tally == nil {
		return err
	}
	tally.Add(seen)
	if _, match := tally.Verdict(); !match {
		return c.fail(opGet, info.Key, fmt.Errorf("checksum of %d bytes: %w", n, ErrCorrupt))
	}
	return nil
}

// body is the reply to a GET, watched while it is read.
type body struct {
	io.ReadCloser
	sum   Checksum // of the full object, when the server told
	dog   *watchdog
	close func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.dog.alive()
	}
	if err != nil && err != io.EOF {
		err = b.dog.explain(err)
	}
	return n, err
}

// request starts one GET and checks its headers.
func (c *Client) request(ctx context.Context, info Info, off, n int64, o func(*s3.Options)) (*body, error) {
	ctx, dog, stop := watch(ctx, c.cfg.Idle)
	in := &s3.GetObjectInput{Bucket: &info.Key.Bucket, Key: &info.Key.Name, IfMatch: &info.ETag}
	mode := func(*s3.Options) {}
	if n < info.Size {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	} else {
		mode = wantChecksum
	}
	begun := time.Now()
	out, err := c.s3.GetObject(ctx, in, o, mode)
	if err != nil {
		stop()
		if status, _, _ := reply(err); status == http.StatusPreconditionFailed || status == http.StatusNotFound {
			err = fmt.Errorf("%w: %w", ErrChanged, err)
		}
		return nil, dog.explain(err)
	}
	c.first.add(time.Since(begun))
	b := &body{
		ReadCloser: out.Body, dog: dog,
		sum:   fullChecksum(out.ChecksumType, out.ChecksumCRC64NVME, out.ChecksumCRC32C, out.ChecksumCRC32),
		close: func() { stop(); out.Body.Close() },
	}
	want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, info.Size)
	switch got := aws.ToString(out.ContentRange); {
	case in.Range != nil && got != want:
		err = fmt.Errorf("%w: asked for %s, got %q", ErrCorrupt, want, got)
	case aws.ToInt64(out.ContentLength) != n:
		err = fmt.Errorf("%w: asked for %d bytes, got %d", ErrCorrupt, n, aws.ToInt64(out.ContentLength))
	case strings.Trim(aws.ToString(out.ETag), `"`) != strings.Trim(info.ETag, `"`):
		err = fmt.Errorf("%w: asked for version %s, got %s", ErrCorrupt, info.ETag, aws.ToString(out.ETag))
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// wantChecksum asks for the checksum without the SDK computing it a second time.
func wantChecksum(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("x-amz-checksum-mode", "ENABLED"))
}
