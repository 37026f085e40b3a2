package object_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// isolate hides this machine's own AWS settings from the chain.
func isolate(t *testing.T) {
	for _, e := range os.Environ() {
		if name, value, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // restores it afterwards
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_REGION", s3test.Region)
}

type turning struct{ n atomic.Int32 }

// Retrieve returns keys that live for an hour, with a new token each time.
func (p *turning) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: s3test.AccessKey, SecretAccessKey: s3test.SecretKey, AccountID: fmt.Sprint(p.n.Add(1)),
		CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
}

func TestR10ExpiredTokenMidPart(t *testing.T) {
	s := s3test.Start(t)
	creds := new(turning)
	p := s3test.NewProxy(t, s, func(q s3test.Request) s3test.Fault {
		if q.Op == "UploadPart" && creds.n.Load() == 1 || q.Op == "HeadObject" && creds.n.Load() == 2 {
			return s3test.Fault{Status: 400, Code: "ExpiredToken"}
		}
		return s3test.Fault{}
	})
	c := s3test.Client(t, p.URL, func(cfg *object.Config) { cfg.Credentials = creds })
	data := noise(1<<20, 1)
	u, err := c.Begin(t.Context(), s3test.Key("x"), object.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := c.Part(t.Context(), u, 1, bytes.NewReader(data), 0, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Complete(t.Context(), u, []object.Part{part}); err != nil {
		t.Fatal(err)
	}
	if creds.n.Load() != 2 {
		t.Errorf("asked %d times for credentials", creds.n.Load())
	}
	if _, err := c.Head(t.Context(), u.Key); err != nil || creds.n.Load() != 3 { // a HEAD has no body to tell why
		t.Errorf("head: %v after %d credentials", err, creds.n.Load())
	}
}

// The token file is read again at every refresh, as the kubelet rotates it.
func TestR10WebIdentity(t *testing.T) {
	isolate(t)
	s := s3test.Start(t)
	token := filepath.Join(t.TempDir(), "token")
	var seen []string
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		seen = append(seen, r.Form.Get("WebIdentityToken"))
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
			s3test.AccessKey, s3test.SecretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/task")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
	old := true
	p := s3test.NewProxy(t, s, func(s3test.Request) s3test.Fault {
		if len(seen) == 1 && !old {
			return s3test.Fault{Status: 400, Code: "ExpiredToken"}
		}
		return s3test.Fault{}
	})
	os.WriteFile(token, []byte("token-one"), 0o600)
	c := s3test.Client(t, p.URL, func(cfg *object.Config) { cfg.Credentials = nil })
	put(t, c, "x", []byte("1"))
	os.WriteFile(token, []byte("token-two"), 0o600)
	old = false
	put(t, c, "x", []byte("2"))
	if strings.Join(seen, " ") != "token-one token-two" {
		t.Errorf("STS saw %q", seen)
	}
}

func TestR10PodIdentity(t *testing.T) {
	isolate(t)
	s := s3test.Start(t)
	token := filepath.Join(t.TempDir(), "token")
	os.WriteFile(token, []byte("pod-token"), 0o600)
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "pod-token" {
			w.WriteHeader(403)
			return
		}
		fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":"","Expiration":%q}`, s3test.AccessKey, s3test.SecretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer agent.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.URL)
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)
	put(t, s3test.Client(t, s.URL, func(cfg *object.Config) { cfg.Credentials = nil }), "x", []byte("1"))
}

func TestR10NoCredentials(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	c := s3test.Client(t, "http://127.0.0.1:1", func(cfg *object.Config) { cfg.Credentials, cfg.Retry = nil, 10*time.Millisecond })
	_, err := c.Head(t.Context(), s3test.Key("x"))
	if err == nil || !strings.Contains(err.Error(), "hop limit") || !strings.Contains(err.Error(), "Pod Identity") || object.Errno(err).Error() != "permission denied" {
		t.Errorf("%v", err)
	}
}

// Errors and the debug log of failing requests hold no secret.
func TestR22NoSecrets(t *testing.T) {
	s := s3test.Start(t)
	var log strings.Builder
	const session = "session-token-do-not-log"
	creds := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: s3test.AccessKey, SecretAccessKey: s3test.SecretKey, SessionToken: session}, nil
	})
	faults := []s3test.Fault{{Status: 403, Code: "AccessDenied"}, {Status: 400, Code: "ExpiredToken"}, {Reset: true}, {Status: 503, Code: "SlowDown"}, {Hang: true}, {Status: 403, Code: "SignatureDoesNotMatch"}}
	for _, f := range faults {
		p := s3test.NewProxy(t, s, func(s3test.Request) s3test.Fault { return f })
		c := s3test.Client(t, p.URL, func(cfg *object.Config) {
			cfg.Credentials, cfg.Idle, cfg.Retry = creds, 50*time.Millisecond, 200*time.Millisecond
			cfg.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		_, head := c.Head(t.Context(), s3test.Key("x"))
		_, put := c.Put(t.Context(), s3test.Key("x"), strings.NewReader("x"), 1, object.PutOptions{})
		get := c.Read(t.Context(), object.Info{Key: s3test.Key("x"), Size: 1, ETag: `"x"`}, 0, make([]byte, 1))
		if head == nil || put == nil || get == nil {
			t.Fatalf("%+v: no error", f)
		}
		log.WriteString(errors.Join(head, put, get).Error())
	}
	if !strings.Contains(log.String(), "retry") {
		t.Error("nothing was logged, so nothing was tested")
	}
	for _, secret := range []string{s3test.SecretKey, session, "Signature=", "X-Amz-Credential", s3test.AccessKey} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
