package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const opComplete = "CompleteMultipartUpload"

// An Upload is a multipart upload in progress.
type Upload struct {
	Key Key
	ID  string

	how verification
}

// A Part of an Upload that the server holds.
type Part struct {
	Number   int32 // from 1
	Off      int64
	Size     int64
	ETag     string
	Checksum uint64 // CRC64NVME of its bytes

	crc32c uint32
}

// Begin starts a multipart upload.
func (c *Client) Begin(ctx context.Context, key Key, o PutOptions) (u Upload, err error) {
	return c.begin(ctx, key, o, byCRC64)
}

// begin names no checksum stronger than best.
func (c *Client) begin(ctx context.Context, key Key, o PutOptions, best verification) (u Upload, err error) {
	err = c.do(ctx, "CreateMultipartUpload", key, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		u = Upload{Key: key, how: max(best, verification(c.verify.Load()))}
		in := &s3.CreateMultipartUploadInput{
			Bucket: &key.Bucket, Key: &key.Name, Metadata: o.Metadata, Tagging: optional(o.Tags),
			ServerSideEncryption: types.ServerSideEncryption(c.cfg.SSE), SSEKMSKeyId: optional(c.cfg.SSEKey),
		}
		switch u.how {
		case byCRC64:
			in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject
		case byCRC32C:
			in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32c
		}
		return timed(ctx, 4*c.cfg.Idle, func(ctx context.Context) error {
			out, err := c.s3.CreateMultipartUpload(ctx, in, bucket)
			if err != nil {
				return c.weaken(u.how, err)
			}
			u.ID = aws.ToString(out.UploadId)
			return nil
		})
	})
	return u, err
}

// Part stores bytes [off, off+size) of body as part number, and returns only when the server confirmed them.
func (c *Client) Part(ctx context.Context, u Upload, number int32, body io.ReaderAt, off, size int64) (p Part, err error) {
	err = c.do(ctx, "UploadPart", u.Key, func(ctx context.Context, _ func(), _ func(*s3.Options)) error {
		d, err := c.digest(ctx, body, off, size, u.how)
		if err != nil {
			return errFinal{err}
		}
		r := newRequest(http.MethodPut, u.Key)
		r.query = url.Values{"partNumber": {strconv.Itoa(int(number))}, "uploadId": {u.ID}}
		resp, err := c.send(ctx, r, body, off, size, d, u.how)
		if err != nil {
			return err
		}
		p = Part{Number: number, Off: off, Size: size, ETag: resp.Get("ETag"), Checksum: d.crc64, crc32c: d.crc32c}
		return c.confirm(ctx, d, body, off, size, p.ETag, checksumOf(resp))
	})
	return p, err
}

// Complete makes the object of parts, which must follow one another without a gap, and verifies it.
func (c *Client) Complete(ctx context.Context, u Upload, parts []Part) (info Info, err error) {
	info = Info{Key: u.Key}
	list := make([]types.CompletedPart, len(parts))
	crc64, _ := algorithms(algorithmCRC64)
	var full uint64
	for i, p := range parts {
		if p.Off != info.Size || p.Number != int32(i+1) {
			return Info{}, c.fail(opComplete, u.Key, fmt.Errorf("part %d begins at byte %d instead of %d", p.Number, p.Off, info.Size))
		}
		full = crc64.join(full, p.Checksum, p.Size)
		info.Size += p.Size
		list[i] = types.CompletedPart{PartNumber: aws.Int32(p.Number), ETag: aws.String(p.ETag)}
		switch u.how {
		case byCRC64:
			list[i].ChecksumCRC64NVME = aws.String(encode64(p.Checksum))
		case byCRC32C:
			list[i].ChecksumCRC32C = aws.String(encode32(p.crc32c))
		}
	}
	in := &s3.CompleteMultipartUploadInput{Bucket: &u.Key.Bucket, Key: &u.Key.Name, UploadId: &u.ID, MultipartUpload: &types.CompletedMultipartUpload{Parts: list}}
	if u.how == byCRC64 {
		in.ChecksumCRC64NVME, in.ChecksumType, in.MpuObjectSize = aws.String(encode64(full)), types.ChecksumTypeFullObject, &info.Size
	}
	before := false // whether an earlier attempt may have succeeded unseen
	err = c.do(ctx, opComplete, u.Key, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		return timed(ctx, 5*time.Minute, func(ctx context.Context) error {
			out, err := c.s3.CompleteMultipartUpload(ctx, in, bucket)
			if _, code, _ := reply(err); code == "NoSuchUpload" && before {
				return c.recognise(ctx, u, parts, full, &info, err)
			}
			before = true
			if err != nil {
				return err
			}
			info.ETag, info.Modified = aws.ToString(out.ETag), time.Now().Truncate(time.Second)
			info.Checksum = fullChecksum(out.ChecksumType, out.ChecksumCRC64NVME, nil, nil)
			if info.Checksum.Value != "" && info.Checksum.Value != encode64(full) {
				return errFinal{&Error{Op: opComplete, Key: u.Key, Err: fmt.Errorf("%w: the server joined the parts to CRC64NVME %s, right would be %s", ErrCorrupt, info.Checksum.Value, encode64(full))}}
			}
			if info.Checksum.Value == "" {
				return c.recognise(ctx, u, parts, full, &info, nil)
			}
			return nil
		})
	})
	return info, err
}

// Abort drops the upload; one that is gone already is no error.
func (c *Client) Abort(ctx context.Context, u Upload) error {
	err := c.do(ctx, "AbortMultipartUpload", u.Key, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		return timed(ctx, 4*c.cfg.Idle, func(ctx context.Context) error {
			_, err := c.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.Key.Bucket, Key: &u.Key.Name, UploadId: &u.ID}, bucket)
			return err
		})
	})
	var e *Error
	if errors.As(err, &e) && (e.Code == "NoSuchUpload" || e.Status == http.StatusNotFound && e.Code != "NoSuchBucket") {
		return nil
	}
	return err
}

// Uploads lists the multipart uploads of exactly key that are in progress.
func (c *Client) Uploads(ctx context.Context, key Key) (ids []Upload, err error) {
	err = c.do(ctx, "ListMultipartUploads", key, func(ctx context.Context, _ func(), bucket func(*s3.Options)) error {
		return timed(ctx, 4*c.cfg.Idle, func(ctx context.Context) error {
			out, err := c.s3.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &key.Bucket, Prefix: &key.Name}, bucket)
			if err != nil {
				return err
			}
			ids = nil
			for _, u := range out.Uploads {
				if aws.ToString(u.Key) == key.Name {
					ids = append(ids, Upload{Key: key, ID: aws.ToString(u.UploadId)})
				}
			}
			return nil
		})
	})
	return ids, err
}
