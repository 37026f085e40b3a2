package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const opGet = "GetObject"

// Read fills p with the object's bytes from off, exactly; a range beyond the end is an error. ErrChanged when the
// object is no longer info's version.
func (c *Client) Read(ctx context.Context, info Info, off int64, p []byte) error {
	for tries := 0; ; tries++ {
		err := c.get(ctx, info, off, int64(len(p)), p, func(int64, []byte) error { return nil })
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
	return c.get(ctx, info, off, n, nil, sink)
}

// get reads into the place in into, or piece by piece into a pooled buffer when that is nil. The buffer is taken after
// admission, as everywhere: who has a buffer never waits for a place.
func (c *Client) get(ctx context.Context, info Info, off, n int64, into []byte, sink func(int64, []byte) error) error {
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
	err := c.do(ctx, opGet, info.Key, func(ctx context.Context, progress func(), _ func(*s3.Options)) error {
		buf := into
		if into == nil {
			pooled, err := c.buffers.get(ctx)
			if err != nil {
				return err
			}
			defer c.buffers.put(pooled)
			buf = pooled
		}
		reply, err := c.open(ctx, info, pos, end-pos)
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
			p := buf
			if into != nil {
				p = into[pos-off:]
			}
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
func (c *Client) request(ctx context.Context, info Info, off, n int64) (*body, error) {
	ctx, dog, stop := watch(ctx, c.cfg.Idle)
	r := newRequest(http.MethodGet, info.Key)
	r.set("If-Match", info.ETag)
	ranged := n < info.Size
	if ranged {
		r.set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	} else {
		r.set("X-Amz-Checksum-Mode", "ENABLED")
	}
	begun := time.Now()
	resp, err := c.call(ctx, r)
	if err != nil {
		stop()
		if status, code, _ := reply(err); status == http.StatusPreconditionFailed || status == http.StatusNotFound && code != "NoSuchBucket" {
			err = fmt.Errorf("%w: %w", ErrChanged, err)
		}
		return nil, dog.explain(err)
	}
	c.first.add(time.Since(begun))
	b := &body{ReadCloser: resp.Body, dog: dog, sum: checksumOf(resp.Header), close: func() { stop(); resp.Body.Close() }}
	got, etag := resp.Header.Get("Content-Range"), resp.Header.Get("ETag")
	switch want := fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, info.Size); {
	case ranged && got != want:
		err = fmt.Errorf("%w: asked for %s, got %q", ErrCorrupt, want, got)
	case resp.ContentLength != n:
		err = fmt.Errorf("%w: asked for %d bytes, got %d", ErrCorrupt, n, resp.ContentLength)
	case strings.Trim(etag, `"`) != strings.Trim(info.ETag, `"`):
		err = fmt.Errorf("%w: asked for version %s, got %s", ErrCorrupt, info.ETag, etag)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}
