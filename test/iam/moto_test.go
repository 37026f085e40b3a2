// Package iam asks moto's server, an implementation of the AWS API, what it thinks of our roles and our calls.
package iam

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/test/account"
)

const accountID = account.ID

// venv is the bin directory of the Python environment.
func venv(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../venv", "iam")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// moto starts a server with an empty account and gives its URL. It ends with the test.
func moto(t *testing.T, env ...string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := account.Moto(t.Context(), root, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url
}

// signIn makes the SDK's own chain lead to an endpoint with credentials that moto takes.
func signIn(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
		"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
}

// hand is a client that does by hand what people do to an account.
func hand(endpoint string) *iam.Client {
	return iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "test", "")})
}

// workspace is a spec for a cluster that is really there, with the issuer that it got.
func workspace(t *testing.T, endpoint string, change ...string) (*schema.Workspace, string) {
	t.Helper()
	client := eks.New(eks.Options{Region: "eu-west-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "test", "")})
	out, err := client.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: aws.String("research"), RoleArn: aws.String("arn:aws:iam::" + accountID + ":role/eks"), ResourcesVpcConfig: &types.VpcConfigRequest{}})
	if err != nil {
		existing, err2 := client.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: aws.String("research")})
		if err2 != nil {
			t.Fatal(err, err2)
		}
		out = &eks.CreateClusterOutput{Cluster: existing.Cluster}
	}
	spec := fmt.Sprintf(`name: "demo"
cluster: {name: "research", account: "%s", region: "eu-west-1", oidc: "%s"}
storage: {work: "s3://acme-work/demo", inputs: ["s3://acme-reference"], publish: ["s3://acme-results/demo"]}
`, accountID, aws.ToString(out.Cluster.Identity.Oidc.Issuer)) + strings.Join(change, "\n")
	path := filepath.Join(t.TempDir(), "spec.cue")
	if err := os.WriteFile(path, []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	ws, err := schema.Load("spec.cue", []byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	return ws, path
}

// bin is the program, built once for all tests.
var bin = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprint("fusiongen-iam-test-", os.Getpid()))
	cmd := exec.Command("go", "build", "-o", path, "./cmd/fusiongen")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// TestMain removes the program.
func TestMain(m *testing.M) {
	code := m.Run()
	os.Remove(filepath.Join(os.TempDir(), fmt.Sprint("fusiongen-iam-test-", os.Getpid())))
	os.Exit(code)
}

func program(t *testing.T) string {
	t.Helper()
	path, err := bin()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run calls the program; the environment is the test's with env added.
func run(t *testing.T, bin string, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), errs.String()
}

// decode reads a document as IAM gives it.
func decode(document string) string {
	if plain, err := url.PathUnescape(document); err == nil {
		return plain
	}
	return document
}
