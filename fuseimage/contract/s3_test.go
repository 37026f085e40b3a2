package contract

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
)

// A store is a bucket of the test's own, and a proxy through which the launcher reaches it.
type store struct {
	*s3test.Proxy
	t      *testing.T
	bucket string

	mu   sync.Mutex
	seen []s3test.Request // guarded by mu
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{t: t, bucket: fmt.Sprintf("bucket-%d", bucketNumber.Add(1)), Proxy: s3test.NewProxy(t, s3, nil)}
	if err := os.MkdirAll(filepath.Join(s3.Dir, s.bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// requests returns what the launcher asked for so far.
func (s *store) requests(ops ...string) []s3test.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, s.Requests()...)
	return slices.DeleteFunc(slices.Clone(s.seen), func(r s3test.Request) bool { return !slices.Contains(ops, r.Op) })
}

// put stores an object from outside, as the head or another task would.
func (s *store) put(key, data string) {
	s.t.Helper()
	if err := client.put(context.Background(), s.bucket, key, []byte(data)); err != nil {
		s.t.Fatal(err)
	}
}

// get returns an object's bytes as S3 serves them.
func (s *store) get(key string) (string, bool) {
	s.t.Helper()
	data, ok, err := client.get(context.Background(), s.bucket, key)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data), ok
}

// want fails the test when an object is not exactly so.
func (s *store) want(key, data string) {
	s.t.Helper()
	if got, ok := s.get(key); !ok {
		s.t.Errorf("%s is not in S3; there are %q", key, s.keys(""))
	} else if got != data {
		s.t.Errorf("%s holds %s, want %s", key, abbreviate(got), abbreviate(data))
	}
}

// absent fails the test when there is such an object.
func (s *store) absent(key string) {
	s.t.Helper()
	if got, ok := s.get(key); ok {
		s.t.Errorf("%s is in S3 with %s, want nothing", key, abbreviate(got))
	}
}

// keys lists the bucket below prefix.
func (s *store) keys(prefix string) []string {
	s.t.Helper()
	keys, err := client.list(context.Background(), s.bucket, prefix)
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

func abbreviate(text string) string {
	if len(text) > 200 {
		return fmt.Sprintf("%q… (%d bytes)", text[:200], len(text))
	}
	return fmt.Sprintf("%q", text)
}

// environment is what a pod has in open mode beside FUSION_WORK.
func (s *store) environment() map[string]string {
	out := map[string]string{}
	for _, pair := range s3test.Env(s.URL) {
		name, value, _ := strings.Cut(pair, "=")
		out[name] = value
	}
	return out
}
