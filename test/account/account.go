// Package account is an AWS account for tests, where roles decide: IAM, a moto server, in which fusiongen makes them; STS, which
// gives their credentials for the tokens of a cluster's service accounts; and S3, a versitygw that asks for every request
// whether the caller's role allows it. Nothing in it knows how a policy was made.
package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/fusiongen/fusiongen/test/server"
)

// ID is the account's number, which is moto's.
const ID = "123456789012"

// Options say whose tokens the account takes, and where it lies.
type Options struct {
	Root string // the project's root, where test/tool lies
	Dir  string // for what its servers write; short, because a socket is in it
	Host string // the address that STS and S3 listen at, which pods reach
	Data string // the folder of the S3 server's buckets

	Access, Secret string // the S3 server's own key, which nothing is refused
	Region         string

	Issuer string      // URL of the cluster's issuer
	Keys   oidc.KeySet // which signed its tokens
	Life   time.Duration
}

// Account is one that runs. Its URLs are for AWS_ENDPOINT_URL_IAM, _STS and _S3.
type Account struct {
	IAM, STS, S3 string

	options  Options
	iam      *iam.Client
	verifier *oidc.IDTokenVerifier
	sessions sessions
	stops    []func()
}

// Start starts the account's servers, with no role in it. Stop it even when Start failed.
func Start(ctx context.Context, o Options) (*Account, error) {
	a := &Account{options: o}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return a, err
	}
	url, stop, err := Moto(ctx, o.Root)
	if err != nil {
		return a, err
	}
	a.IAM, a.stops = url, append(a.stops, stop)
	a.iam = iam.New(iam.Options{Region: o.Region, BaseEndpoint: &a.IAM, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "test", "")})
	a.verifier = oidc.NewVerifier(o.Issuer, o.Keys, &oidc.Config{SkipClientIDCheck: true}) // the audience is the provider's and the role's business
	l, err := net.Listen("tcp", o.Host+":0")
	if err != nil {
		return a, err
	}
	a.STS = "http://" + l.Addr().String()
	a.serve(l, http.HandlerFunc(a.answer))
	return a, a.startStore(ctx)
}

// startStore starts versitygw, which asks us about every caller but its own root.
func (a *Account) startStore(ctx context.Context) error {
	o := a.options
	out, err := exec.CommandContext(ctx, filepath.Join(o.Root, "test", "tool"), "versitygw").Output()
	if err != nil {
		return fmt.Errorf("test/tool versitygw: %w", err)
	}
	socket := filepath.Join(o.Dir, "iam.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	a.serve(l, a.gatewayHandler())
	free, err := net.Listen("tcp", o.Host+":0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	free.Close()
	p := server.Process{Name: "versitygw", Dir: o.Dir}
	a.stops = append(a.stops, p.Stop)
	a.S3 = "http://" + address
	if err := p.Start(nil, strings.TrimSpace(string(out)), "--port", address, "--access", o.Access, "--secret", o.Secret, "--region", o.Region,
		"--keep-alive", "--health", "/health", "--iam-standalone-endpoint", socket, "posix", o.Data); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return p.Await(ctx, func(ctx context.Context) error { return server.Answers(ctx, a.S3+"/health") })
}

func (a *Account) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	a.stops = append(a.stops, func() { s.Close() })
	go s.Serve(l)
}

// Stop ends the servers, S3 first.
func (a *Account) Stop() {
	if a == nil {
		return
	}
	for i := len(a.stops) - 1; i >= 0; i-- {
		a.stops[i]()
	}
	a.stops = nil
}

// Environment is for a program that administers the account by the AWS SDK's own chain, such as fusiongen iam.
func (a *Account) Environment() []string {
	return []string{"AWS_ENDPOINT_URL=" + a.IAM, "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=test", "AWS_SESSION_TOKEN=", "AWS_PROFILE=",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true"}
}

// Retrust makes a person's mistake in a role's trust policy.
func (a *Account) Retrust(ctx context.Context, role, right, wrong string) error {
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if err != nil {
		return err
	}
	good, err := plain(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	bad := strings.Replace(good, right, wrong, 1)
	if bad == good {
		return errors.New("the trust policy does not hold " + right + ": " + good)
	}
	_, err = a.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &bad})
	return err
}
