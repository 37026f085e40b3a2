// Package s3test runs a real S3 server (versitygw) on the loopback for tests, and a proxy that spoils its replies.
package s3test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// The server's only account, and the bucket that Start makes.
const (
	AccessKey = "AKIATESTTESTTESTTEST"
	SecretKey = "test-secret-do-not-log"
	Region    = "us-east-1"
	Bucket    = "bucket"
)

// A Server is one versitygw with its own directory.
type Server struct {
	URL string
	Dir string // a bucket is a directory below it, an object a file; its metadata are extended attributes
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s, stop, err := Run(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

// Run starts a server that keeps its objects below dir, for use outside of one test (TestMain, benchmarks).
func Run(dir string) (s *Server, stop func(), err error) {
	binary, err := tool("versitygw")
	if err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	addr := l.Addr().String()
	l.Close()
	s = &Server{URL: "http://" + addr, Dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, Bucket), 0o755); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(binary, "--port", addr, "--access", AccessKey, "--secret", SecretKey, "--region", Region, "--keep-alive", "--quiet", "posix", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	died := make(chan struct{})
	go func() { cmd.Wait(); close(died) }()
	stop = func() {
		cmd.Process.Kill()
		<-died
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		resp, err := http.Get(s.URL + "/")
		if err == nil {
			resp.Body.Close()
			return s, stop, nil
		}
		select {
		case <-died:
			return nil, nil, fmt.Errorf("versitygw ended: %s", out.String())
		default:
		}
		if time.Now().After(deadline) {
			stop()
			return nil, nil, fmt.Errorf("versitygw does not answer: %w", err)
		}
	}
}

// tool asks test/tool of the module's root for a binary.
func tool(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if script := filepath.Join(dir, "test", "tool"); exists(script) && exists(filepath.Join(dir, "go.mod")) {
			out, err := exec.Command(script, name).Output()
			return strings.TrimSpace(string(out)), err
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no test/tool above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// Config reaches the server at url: a Server's or a Proxy's.
func Config(url string) object.Config {
	return object.Config{Endpoint: url, Region: Region, Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, "")}
}

// Env is what a process needs in its environment to reach the server at url.
func Env(url string) []string {
	return []string{"AWS_S3_ENDPOINT=" + url, "AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + AccessKey, "AWS_SECRET_ACCESS_KEY=" + SecretKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}
}

// Client returns a client of the server at url, changed by the options.
func Client(t testing.TB, url string, options ...func(*object.Config)) *object.Client {
	t.Helper()
	cfg := Config(url)
	for _, o := range options {
		o(&cfg)
	}
	c, err := object.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Key names an object in Bucket.
func Key(name string) object.Key { return object.Key{Bucket: Bucket, Name: name} }
