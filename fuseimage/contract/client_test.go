package contract

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// An outsider reads and writes S3 beside the runtime, with the SDK alone.
type outsider struct{ api *awss3.Client }

func newOutsider(url string) *outsider {
	return &outsider{awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(url), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s3test.AccessKey, s3test.SecretKey, ""),
	})}
}

func (o *outsider) put(ctx context.Context, bucket, key string, data []byte) error {
	_, err := o.api.PutObject(ctx, &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)})
	return err
}

func (o *outsider) get(ctx context.Context, bucket, key string) ([]byte, bool, error) {
	out, err := o.api.GetObject(ctx, &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	return data, err == nil, err
}

func (o *outsider) list(ctx context.Context, bucket, prefix string) ([]string, error) {
	var keys []string
	pages := awss3.NewListObjectsV2Paginator(o.api, &awss3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys, nil
}

func (o *outsider) delete(ctx context.Context, bucket, key string) error {
	_, err := o.api.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	return err
}

// uploads lists the keys of unfinished multipart uploads.
func (o *outsider) uploads(ctx context.Context, bucket string) ([]string, error) {
	out, err := o.api.ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, u := range out.Uploads {
		keys = append(keys, *u.Key)
	}
	return keys, nil
}
