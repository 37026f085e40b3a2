package object

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Limits of S3's copies.
const (
	maxCopy  = 5 << 30   // bytes of one CopyObject
	copyPart = 512 << 20 // bytes of one UploadPartCopy; 5 TiB have 10,240 of them, so larger parts above 5,000 GiB
)

// Copy makes to a copy of from, on the server, in parts above 5 GiB, and verifies it. Tags are those of
// o, not of the source; so is metadata, unless it is nil. ErrChanged when the source is no longer from's version.
func (c *Client) Copy(ctx context.Context, from Info, to Key, o PutOptions) (Info, error) {
	return c.copy(ctx, from, to, o, maxCopy, copyPart)
}

func (c *Client) copy(ctx context.Context, from Info, to Key, o PutOptions, most, part int64) (Info, error) {
	if from.Size > most {
		return c.copyParts(ctx, from, to, o, max(part, (from.Size+9999)/10000))
	}
	directive := types.MetadataDirectiveReplace
	if o.Metadata == nil {
		directive = types.MetadataDirectiveCopy
	}
	err := c.do(ctx, "CopyObject", to, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		in := &s3.CopyObjectInput{
			Bucket: &to.Bucket, Key: &to.Name, CopySource: aws.String(source(from.Key)), CopySourceIfMatch: &from.ETag,
			Metadata: o.Metadata, MetadataDirective: directive,
			Tagging: optional(o.Tags), TaggingDirective: types.TaggingDirectiveReplace,
			ServerSideEncryption: types.ServerSideEncryption(c.cfg.SSE), SSEKMSKeyId: optional(c.cfg.SSEKey),
		}
		return timed(ctx, 10*time.Minute, func(ctx context.Context) error {
			_, err := c.s3.CopyObject(ctx, in, bucket)
			return changed(err)
		})
	})
	if err != nil {
		return Info{}, err
	}
	return c.same(ctx, from, to)
}

// same verifies that to holds what from did.
func (c *Client) same(ctx context.Context, from Info, to Key) (Info, error) {
	got, err := c.Head(ctx, to)
	if err != nil {
		return Info{}, err
	}
	want := from.Checksum
	differ := got.Size != from.Size ||
		want.Value != "" && want.Algorithm == got.Checksum.Algorithm && want.Value != got.Checksum.Value ||
		md5ETag.MatchString(from.ETag) && md5ETag.MatchString(got.ETag) && c.cfg.SSE == "" && strings.Trim(from.ETag, `"`) != strings.Trim(got.ETag, `"`) && want.Value == ""
	if differ {
		return Info{}, c.fail("CopyObject", to, fmt.Errorf("%w: the copy of %s differs from it: %d bytes with %s %s, not %d with %s", ErrCorrupt, from.Key, got.Size, got.Checksum.Algorithm, got.Checksum.Value, from.Size, want.Value))
	}
	return got, nil
}

func (c *Client) copyParts(ctx context.Context, from Info, to Key, o PutOptions, size int64) (Info, error) {
	if o.Metadata == nil {
		now, err := c.Head(ctx, from.Key)
		if err != nil {
			return Info{}, changed(err)
		}
		o.Metadata = now.Metadata
	}
	u, err := c.begin(ctx, to, o, byETag) // S3 computes a checksum unasked; asked, some servers take the source's for each part's
	if err != nil {
		return Info{}, err
	}
	info, err := c.joinCopies(ctx, u, from, to, size)
	if err != nil {
		return Info{}, errors.Join(err, c.Abort(context.WithoutCancel(ctx), u))
	}
	return info, nil
}

func (c *Client) joinCopies(ctx context.Context, u Upload, from Info, to Key, size int64) (Info, error) {
	var parts []types.CompletedPart
	for off := int64(0); off < from.Size; off += size {
		n := min(size, from.Size-off)
		number := int32(len(parts) + 1)
		err := c.do(ctx, "UploadPartCopy", to, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
			return timed(ctx, 10*time.Minute, func(ctx context.Context) error {
				out, err := c.s3.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
					Bucket: &to.Bucket, Key: &to.Name, UploadId: &u.ID, PartNumber: &number,
					CopySource: aws.String(source(from.Key)), CopySourceIfMatch: &from.ETag,
					CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1)),
				}, bucket)
				if err == nil && out.CopyPartResult == nil {
					err = errors.New("the reply names no part")
				}
				if err != nil {
					return changed(err)
				}
				r := out.CopyPartResult
				parts = append(parts, types.CompletedPart{PartNumber: &number, ETag: r.ETag, ChecksumCRC64NVME: r.ChecksumCRC64NVME, ChecksumCRC32C: r.ChecksumCRC32C})
				return nil
			})
		})
		if err != nil {
			return Info{}, err
		}
	}
	before := false
	err := c.do(ctx, opComplete, to, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		return timed(ctx, 5*time.Minute, func(ctx context.Context) error {
			in := &s3.CompleteMultipartUploadInput{Bucket: &to.Bucket, Key: &to.Name, UploadId: &u.ID, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}
			_, err := c.s3.CompleteMultipartUpload(ctx, in, bucket)
			if _, code, _ := reply(err); code == "NoSuchUpload" && before {
				return nil // an earlier attempt did it; same tells
			}
			before = true
			return err
		})
	})
	if err != nil {
		return Info{}, err
	}
	return c.same(ctx, from, to)
}

// source encodes a key for x-amz-copy-source, where some servers take a plus for a space.
func source(k Key) string {
	return strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(k.Bucket + "/" + k.Name))
}

// changed marks the failures of a copy whose source is not what it was.
func changed(err error) error {
	if status, code, _ := reply(err); status == http.StatusPreconditionFailed || code == "NoSuchKey" {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}
