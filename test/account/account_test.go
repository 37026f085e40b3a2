package account_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"github.com/fusiongen/fusiongen/test/account"
)

const (
	issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	region = "eu-west-1"
	life   = 2 * time.Second
)

// world is an account with a workspace's roles, made by fusiongen, and a cluster's issuer.
type world struct {
	*account.Account
	root *s3.Client // refused nothing
	key  *rsa.PrivateKey
}

func open(t *testing.T) world {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	project, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := account.Start(t.Context(), account.Options{Root: project, Dir: filepath.Join(dir, "account"), Host: "127.0.0.1", Data: filepath.Join(dir, "data"),
		Access: "root", Secret: "secret", Region: region, Issuer: issuer, Life: life, Keys: &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}}})
	t.Cleanup(a.Stop)
	if err != nil {
		t.Fatal(err)
	}
	w := world{a, nil, key}
	w.root = w.client(credentials.NewStaticCredentialsProvider("root", "secret", ""))
	for _, bucket := range []string{"work", "inputs", "results", "other"} {
		if _, err := w.root.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		if err := (call{"put", bucket, "run/here"}).make(t.Context(), w.root); err != nil {
			t.Fatal(err)
		}
	}
	spec := filepath.Join(dir, "spec.cue")
	text := fmt.Sprintf(`name: "demo"
cluster: {name: "research", account: %q, region: %q, oidc: %q}
storage: {work: "s3://work/run", inputs: ["s3://inputs"], publish: ["s3://results"]}
`, account.ID, region, issuer)
	if err := os.WriteFile(spec, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	apply := exec.CommandContext(t.Context(), "go", "run", "./cmd/fusiongen", "iam", "apply", "--yes", spec)
	apply.Dir, apply.Env = project, append(os.Environ(), a.Environment()...)
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return w
}

func (w world) client(c aws.CredentialsProvider) *s3.Client {
	return s3.New(s3.Options{Region: region, BaseEndpoint: &w.S3, UsePathStyle: true, Credentials: c})
}

// claims are those of a service account's token.
type claims struct {
	issuer, audience, account string
	life                      time.Duration
}

func task() claims { return claims{issuer, "sts.amazonaws.com", "demo:demo-task", time.Hour} }

// sign makes a token of them.
func (w world) sign(c claims, key *rsa.PrivateKey) token {
	now := time.Now()
	return token(oidctest.SignIDToken(key, "", oidc.RS256, fmt.Sprintf(`{"iss": %q, "aud": [%q], "sub": "system:serviceaccount:%s", "iat": %d, "exp": %d}`,
		c.issuer, c.audience, c.account, now.Add(-time.Minute).Unix(), now.Add(c.life).Unix())))
}

// token is what a pod finds in AWS_WEB_IDENTITY_TOKEN_FILE.
type token []byte

func (t token) GetIdentityToken() ([]byte, error) { return t, nil }

func (w world) take(role string, t token) *stscreds.WebIdentityRoleProvider {
	client := sts.New(sts.Options{Region: region, BaseEndpoint: &w.STS, RetryMaxAttempts: 1})
	return stscreds.NewWebIdentityRoleProvider(client, "arn:aws:iam::"+account.ID+":role/"+role, t)
}

// code is the AWS API's name for an error, "" for none.
func code(t *testing.T, err error) string {
	t.Helper()
	var api smithy.APIError
	if err != nil && !errors.As(err, &api) {
		t.Fatal(err)
	}
	if err == nil {
		return ""
	}
	return api.ErrorCode()
}

// TestTrust: a role is given to the one account of the one cluster that its trust policy names, and to no other token.
func TestTrust(t *testing.T) {
	w := open(t)
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, role string
		change     func(*claims)
		key        *rsa.PrivateKey
		want       string
	}{
		{"right", "demo-task", func(*claims) {}, w.key, ""},
		{"the head's", "demo-head", func(c *claims) { c.account = "demo:demo-head" }, w.key, ""},
		{"audience that the provider lacks", "demo-task", func(c *claims) { c.audience = "https://kubernetes.default.svc" }, w.key, "InvalidIdentityToken"},
		{"account of the same name in another namespace", "demo-task", func(c *claims) { c.account = "other:demo-task" }, w.key, "AccessDenied"},
		{"task for the head's role", "demo-head", func(*claims) {}, w.key, "AccessDenied"},
		{"another issuer", "demo-task", func(c *claims) {
			c.issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/OTHERED0539D4633E53DE1B71EXAMPLE"
		}, w.key, "InvalidIdentityToken"},
		{"expired", "demo-task", func(c *claims) { c.life = -time.Second }, w.key, "ExpiredTokenException"},
		{"signed by another", "demo-task", func(*claims) {}, forger, "InvalidIdentityToken"},
		{"no such role", "demo-nobody", func(*claims) {}, w.key, "AccessDenied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			claims := task()
			c.change(&claims)
			_, err := w.take(c.role, w.sign(claims, c.key)).Retrieve(t.Context())
			if got := code(t, err); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for old, new := range map[string]string{"demo:demo-task": "other:demo-task", "sts.amazonaws.com": "sts.example.com"} {
		t.Run("trust with "+new, func(t *testing.T) {
			if err := w.Retrust(t.Context(), "demo-task", old, new); err != nil {
				t.Fatal(err)
			}
			_, err := w.take("demo-task", w.sign(task(), w.key)).Retrieve(t.Context())
			if got := code(t, err); got != "AccessDenied" {
				t.Errorf("%q", got)
			}
			if err := w.Retrust(t.Context(), "demo-task", new, old); err != nil {
				t.Fatal(err)
			}
		})
	}
}
