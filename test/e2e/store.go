package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fusiongen/fusiongen/test/server"
)

// Store is an S3 server (versitygw) on the node's address, with its files on the local disk.
type Store struct {
	Endpoint string // URL
	Client   *s3.Client

	bin, dir, address string
}

// The store's credentials and region.
const (
	accessKey = "test-access"
	secretKey = "test-secret"
	region    = "eu-west-1"
)

// StartStore starts the server on a free port of host, with its data below dir.
func StartStore(ctx context.Context, root, dir, host string) (*Store, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(root, "test", "tool"), "versitygw").Output()
	if err != nil {
		return nil, fmt.Errorf("test/tool versitygw: %w", err)
	}
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	s := &Store{Endpoint: "http://" + address, bin: strings.TrimSpace(string(out)), dir: dir, address: address}
	s.Client = s3.New(s3.Options{Region: region, BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")})
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		return s, err
	}
	return s, s.Start(ctx)
}

// Start runs the server, again after Stop with the same data and address.
func (s *Store) Start(ctx context.Context) error {
	p := s.process()
	if err := p.Start(nil, s.bin, "--port", s.address, "--access", accessKey, "--secret", secretKey, "--region", region, "--keep-alive",
		"posix", filepath.Join(s.dir, "data")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return p.Await(ctx, func(ctx context.Context) error {
		_, err := s.Client.ListBuckets(ctx, &s3.ListBucketsInput{})
		return err
	})
}

// Stop ends the server; its data stays.
func (s *Store) Stop() {
	if s != nil {
		s.process().Stop()
	}
}

// host is the address that it listens at.
func (s *Store) host() string {
	host, _, _ := net.SplitHostPort(s.address) // a listener gave it
	return host
}

func (s *Store) process() server.Process { return server.Process{Name: "versitygw", Dir: s.dir} }

// Bucket makes a bucket, if need be.
func (s *Store) Bucket(ctx context.Context, name string) error {
	if _, err := s.Client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err == nil {
		return nil
	}
	_, err := s.Client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	return err
}

// Keys lists the objects of a bucket below prefix, with their sizes.
func (s *Store) Keys(ctx context.Context, bucket, prefix string) (map[string]int64, error) {
	out := map[string]int64{}
	pages := s3.NewListObjectsV2Paginator(s.Client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			out[*o.Key] = *o.Size
		}
	}
	return out, nil
}

// Get reads an object.
func (s *Store) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	out, err := s.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// Put writes an object from a file of this machine.
func (s *Store) Put(ctx context.Context, bucket, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = s.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: f})
	return err
}

// PutBytes writes a small object.
func (s *Store) PutBytes(ctx context.Context, bucket, key string, data []byte) error {
	_, err := s.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data)})
	return err
}

// Uploads are the multipart uploads that nobody completed.
func (s *Store) Uploads(ctx context.Context, bucket string) (int, error) {
	out, err := s.Client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		return 0, errors.Join(errors.New("list multipart uploads"), err)
	}
	return len(out.Uploads), nil
}

// Keys are the store's own key and its secret, which no pod with a role has.
func Keys() []string { return []string{accessKey, secretKey} }
