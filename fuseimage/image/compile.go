package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Architectures are those that the image is built for, in the order of the index.
func Architectures() []string { return []string{"amd64", "arm64"} }

// Compiler builds the multi-call binary from its source, such that the same source, version and Go release give the
// same bytes on any machine.
type Compiler struct {
	Source  string // directory inside of the module, "" the working directory
	Version string // what `fusion version` says
	Env     []string
}

// compilePackage is the program that the image holds.
const compilePackage = "github.com/fusiongen/fusiongen/cmd/fusion"

// passed are the variables that say where Go finds modules and keeps its caches; they do not reach the binary.
var passed = []string{"PATH", "HOME", "TMPDIR", "GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOROOT",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "NETRC"}

// Compile writes the binary for a Linux architecture to the file out.
func (c Compiler) Compile(ctx context.Context, arch, out string) error {
	env, err := c.environment(arch)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly",
		"-ldflags=-s -w -buildid= -X main.version="+c.Version, "-o", out, compilePackage)
	cmd.Dir, cmd.Env = c.Source, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build for linux/%s: %w: %s", arch, err, strings.TrimSpace(stderr.String()))
	}
	return os.Chmod(out, 0o755)
}

// environment is what the compiler sees: the way to modules and caches, and fixed settings for the rest.
func (c Compiler) environment(arch string) ([]string, error) {
	var env []string
	for _, kv := range c.Env {
		name, value, _ := strings.Cut(kv, "=")
		if name == "GOFLAGS" && strings.Contains(value, "-toolexec") {
			return nil, fmt.Errorf("GOFLAGS has -toolexec, which runs another program in place of the compiler; unset it to build an image")
		}
		if slices.Contains(passed, name) {
			env = append(env, kv)
		}
	}
	return append(env, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=",
		"GOTOOLCHAIN=local", "GOWORK=off"), nil
}
