package image_test

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

// tool runs fuseimage in the source tree and gives what it wrote.
func tool(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = "../.."
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("fuseimage %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), errs.String()
}

// pushed runs fuseimage push and gives the repository and what was written.
func pushed(t *testing.T) (repository, stdout, stderr string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	ref, err := name.NewTag("example.com/fusion:v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if err := image.WriteLayout(dir, build(t), ref); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	repository = strings.TrimPrefix(server.URL, "http://") + "/fusion"
	stdout, stderr = tool(t, "push", dir, repository+":v1.2.3")
	return repository, stdout, stderr
}

// IM-13: what was made is one line on standard output, by its digest.
func TestIM13Output(t *testing.T) {
	repository, out, _ := pushed(t)
	if !regexp.MustCompile("^" + regexp.QuoteMeta(repository) + `@sha256:[0-9a-f]{64}\n$`).MatchString(out) {
		t.Errorf("standard output is %q", out)
	}
}

// IM-16: the hint to sign names the digest, and never a tag.
func TestIM16Sign(t *testing.T) {
	repository, out, errs := pushed(t)
	if !strings.Contains(errs, "cosign sign "+out) || strings.Contains(errs, repository+":") {
		t.Errorf("the hint is %q", errs)
	}
}

// IM-14: the image that ships, of both platforms, is small enough to be pulled by every node of a pool that grows.
func TestIM14Size(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime for two platforms; part of the full run")
	}
	dir := filepath.Join(t.TempDir(), "layout")
	tool(t, "build", "-o", dir, "--version", "v1")
	shipped, err := image.ReadLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	const limit = 30 << 20 // bytes, compressed
	eachImage(t, shipped, func(arch string, img v1.Image) {
		m, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		size := m.Config.Size
		for _, l := range m.Layers {
			size += l.Size
		}
		t.Logf("%s: %.1f MiB", arch, float64(size)/(1<<20))
		if size > limit {
			t.Errorf("%s has %d bytes, more than %d", arch, size, limit)
		}
	})
}
