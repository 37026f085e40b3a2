package object

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const opHead = "HeadObject"

// Head returns the present version of key, or an error that is fs.ErrNotExist.
func (c *Client) Head(ctx context.Context, key Key) (info Info, err error) {
	err = c.do(ctx, opHead, key, func(ctx context.Context, _ func(), _ func(*s3.Options)) error {
		return timed(ctx, 2*c.cfg.Idle, func(ctx context.Context) error {
			r := newRequest(http.MethodHead, key)
			r.set("X-Amz-Checksum-Mode", "ENABLED")
			resp, err := c.call(ctx, r)
			if err != nil {
				return err
			}
			resp.Body.Close()
			info, err = described(key, resp)
			return err
		})
	})
	return info, err
}

// described reads the headers of an object.
func described(key Key, resp *http.Response) (Info, error) {
	h := resp.Header
	info := Info{Key: key, Size: resp.ContentLength, ETag: h.Get("ETag"), Checksum: checksumOf(h)}
	info.Modified, _ = http.ParseTime(h.Get("Last-Modified")) // zero where a server does not tell
	for name := range h {
		if short, ok := strings.CutPrefix(name, "X-Amz-Meta-"); ok {
			if info.Metadata == nil {
				info.Metadata = map[string]string{}
			}
			info.Metadata[strings.ToLower(short)] = h.Get(name)
		}
	}
	if info.Size < 0 || info.ETag == "" {
		return Info{}, fmt.Errorf("%w: the reply tells neither length nor version", ErrCorrupt)
	}
	return info, nil
}

// fullChecksum picks the digest of the full object. One of parts (COMPOSITE) is of no use to a reader.
func fullChecksum(kind types.ChecksumType, crc64, crc32c, crc32 *string) Checksum {
	switch {
	case crc64 != nil:
		return Checksum{algorithmCRC64, *crc64}
	case kind == types.ChecksumTypeComposite:
	case crc32c != nil:
		return Checksum{algorithm32C, *crc32c}
	case crc32 != nil:
		return Checksum{algorithm32, *crc32}
	}
	return Checksum{}
}

// List yields what lies under prefix in key order, from pages of 1000; "" as delimiter lists all depths.
// It ends after the first error.
func (c *Client) List(ctx context.Context, prefix Key, delimiter string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for token := (*string)(nil); ; {
			page, err := c.page(ctx, prefix, delimiter, 1000, token)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range page.entries {
				if !yield(e, nil) {
					return
				}
			}
			if token = page.next; token == nil {
				return
			}
		}
	}
}

// Any reports whether any key begins with prefix: one request, one key.
func (c *Client) Any(ctx context.Context, prefix Key) (bool, error) {
	page, err := c.page(ctx, prefix, "", 1, nil)
	return len(page.entries) > 0, err
}

type page struct {
	entries []Entry
	next    *string
}

func (c *Client) page(ctx context.Context, prefix Key, delimiter string, size int32, token *string) (p page, err error) {
	in := &s3.ListObjectsV2Input{
		Bucket: &prefix.Bucket, Prefix: &prefix.Name, MaxKeys: &size, ContinuationToken: token,
		EncodingType: types.EncodingTypeUrl, // a key may hold what XML cannot
	}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	err = c.do(ctx, "ListObjectsV2", prefix, func(ctx context.Context, _ func(), o func(*s3.Options)) error {
		return timed(ctx, 4*c.cfg.Idle, func(ctx context.Context) error {
			out, err := c.s3.ListObjectsV2(ctx, in, o)
			if err == nil {
				p, err = readPage(prefix.Bucket, out)
			}
			return err
		})
	})
	return p, err
}

// readPage merges objects and common prefixes, each sorted, into key order.
func readPage(bucket string, out *s3.ListObjectsV2Output) (p page, err error) {
	decode := func(s *string) string {
		name, e := aws.ToString(s), error(nil)
		if out.EncodingType == types.EncodingTypeUrl {
			name, e = url.QueryUnescape(name)
			err = errors.Join(err, e)
		}
		return name
	}
	prefixes := out.CommonPrefixes
	until := func(name string, more bool) {
		for len(prefixes) > 0 {
			next := decode(prefixes[0].Prefix)
			if more && next > name {
				return
			}
			p.entries = append(p.entries, Entry{Prefix: next})
			prefixes = prefixes[1:]
		}
	}
	for _, obj := range out.Contents {
		name := decode(obj.Key)
		until(name, true)
		p.entries = append(p.entries, Entry{Info: Info{
			Key: Key{bucket, name}, Size: aws.ToInt64(obj.Size), ETag: aws.ToString(obj.ETag), Modified: aws.ToTime(obj.LastModified),
		}})
	}
	until("", false)
	if aws.ToBool(out.IsTruncated) {
		if p.next = out.NextContinuationToken; p.next == nil {
			err = errors.Join(err, errors.New("the list is cut short without a token to go on"))
		}
	}
	return p, err
}

// Delete removes key; one that is gone already is no error.
func (c *Client) Delete(ctx context.Context, key Key) error {
	err := c.do(ctx, "DeleteObject", key, func(ctx context.Context, _ func(), o func(*s3.Options)) error {
		return timed(ctx, 4*c.cfg.Idle, func(ctx context.Context) error {
			_, err := c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &key.Bucket, Key: &key.Name}, o)
			return err
		})
	})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code != "NoSuchBucket" {
		return nil
	}
	return err
}
