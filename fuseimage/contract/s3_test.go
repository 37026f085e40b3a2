package contract

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	accessKey = "contract"
	secretKey = "contract-secret"
)

// A store is a real S3 server whose objects are files below dir, with a proxy in front that remembers requests and
// can answer some of them itself.
type store struct {
	dir string // bucket/key
	url string // of the proxy

	mu    sync.Mutex
	calls []call                                            // guarded by mu
	fault func(w http.ResponseWriter, r *http.Request) bool // guarded by mu; true: it answered
}

// A call is one request as it arrived.
type call struct {
	Method string
	Path   string // decoded: /bucket/key
	Query  url.Values
	Header http.Header
	Time   time.Time
}

// startServer starts versitygw over dir and returns its address and what stops it.
func startServer(dir string) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	listener.Close()
	tool, err := exec.Command(filepath.Join("..", "..", "test", "tool"), "versitygw").Output()
	if err != nil {
		return "", nil, fmt.Errorf("test/tool versitygw: %w", err)
	}
	cmd := exec.Command(strings.TrimSpace(string(tool)), "--port", address, "--access", accessKey, "--secret", secretKey, "--keep-alive", "--quiet", "posix", dir)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address, stop, nil
		}
		if time.Now().After(deadline) {
			stop()
			return "", nil, fmt.Errorf("versitygw does not listen: %w", err)
		}
	}
}

// newStore makes a proxy of its own for the test, and a bucket named after it.
func newStore(t *testing.T) (*store, string) {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: serverAddress}
	s := &store{dir: serverDir}
	proxy := &httputil.ReverseProxy{
		// The Host header is signed, so it stays what the client sent.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, r.In.Host
		},
		Transport:     transport,
		FlushInterval: -1,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, call{r.Method, r.URL.Path, r.URL.Query(), r.Header.Clone(), time.Now()})
		fault := s.fault
		s.mu.Unlock()
		if fault != nil && fault(w, r) {
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	s.url = "http://" + listener.Addr().String()
	bucket := fmt.Sprintf("b%d", bucketNumber.Add(1))
	if err := os.MkdirAll(filepath.Join(s.dir, bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	return s, bucket
}

// setFault replaces what the proxy answers itself.
func (s *store) setFault(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// seen returns the calls so far that keep accepts.
func (s *store) seen(keep func(call) bool) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(c call) bool { return !keep(c) })
}

// put stores an object from outside, as the head or another task would.
func (s *store) put(t *testing.T, bucket, key string, data []byte) {
	t.Helper()
	if err := client.put(context.Background(), bucket, key, data); err != nil {
		t.Fatal(err)
	}
}

// get returns an object's bytes as S3 serves them, or false.
func (s *store) get(t *testing.T, bucket, key string) (string, bool) {
	t.Helper()
	data, ok, err := client.get(context.Background(), bucket, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), ok
}

// keys lists a bucket below prefix.
func (s *store) keys(t *testing.T, bucket, prefix string) []string {
	t.Helper()
	keys, err := client.list(context.Background(), bucket, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
