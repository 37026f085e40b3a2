package image_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

var release = image.Release{Version: "v1.2.3", Revision: "0123abc", Created: time.Unix(1_700_000_000, 0).UTC()}

// binary stands in for the compiled runtime: what the image does with a Go program does not depend on which it is.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "image-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "fuseimage")
	out, err := exec.Command("go", "build", "-o", path, "github.com/fusiongen/fusiongen/cmd/fuseimage").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func binaries(t *testing.T) map[string]string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"amd64": path, "arm64": path}
}

// built is the image of that program; compressing it takes seconds, so all tests share it.
var built = sync.OnceValues(func() (*image.Built, error) {
	path, err := binary()
	if err != nil {
		return nil, err
	}
	return image.Build(map[string]string{"amd64": path, "arm64": path}, release)
})

func build(t *testing.T) *image.Built {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// eachImage calls f with the image of each platform.
func eachImage(t *testing.T, b *image.Built, f func(arch string, img v1.Image)) {
	t.Helper()
	for _, arch := range image.Architectures() {
		img, err := b.Image(arch)
		if err != nil {
			t.Fatal(err)
		}
		f(arch, img)
	}
}

// IM-01: two compilations of the same source in other places, under another umask, time zone, home and compiler cache,
// give one digest.
func TestIM01Reproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime twice; part of the full run")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	for _, part := range []string{"go.mod", "go.sum", "cmd", "fuseimage"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(root, part), copied).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v: %s", err, out)
		}
	}
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(t.TempDir(), "fuseimage")
	if out, err := exec.Command("go", "build", "-o", tool, "github.com/fusiongen/fusiongen/cmd/fuseimage").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	run := func(dir string, env ...string) string {
		cmd := exec.Command("sh", "-c", env[0]+`; exec "$0" build -o "$1" --version v1 --platform linux/amd64`, tool, filepath.Join(t.TempDir(), "layout"))
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env[1:]...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := run(root, "umask 022")
	second := run(copied, "umask 077", "TZ=Asia/Tokyo", "HOME="+t.TempDir(), "GOCACHE="+t.TempDir(), "GOMODCACHE="+strings.TrimSpace(string(modules)),
		"GOFLAGS=-tags=other", "GOAMD64=v3")
	if first != second {
		t.Errorf("the same source gave %s and %s", first, second)
	}
}

func TestIM02SourceDateEpoch(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1700000000": 1_700_000_000} {
		got, err := image.Created(func(string) string { return text })
		if err != nil || got.Unix() != want {
			t.Errorf("SOURCE_DATE_EPOCH=%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "-1"} {
		if _, err := image.Created(func(string) string { return text }); err == nil {
			t.Errorf("SOURCE_DATE_EPOCH=%q is taken", text)
		}
	}
	eachImage(t, build(t), func(arch string, img v1.Image) {
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range config.History {
			if !h.Created.Equal(release.Created) {
				t.Errorf("%s: history of %v", arch, h.Created)
			}
		}
		if !config.Created.Equal(release.Created) {
			t.Errorf("%s: created %v", arch, config.Created)
		}
		for _, e := range entries(t, img) {
			if !e.ModTime.Equal(release.Created) {
				t.Errorf("%s: %s is of %v", arch, e.Name, e.ModTime)
			}
		}
	})
}

// IM-08: two platforms, one manifest each, all of OCI's media types.
func TestIM08Index(t *testing.T) {
	b := build(t)
	manifest, err := b.Index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIImageIndex {
		t.Errorf("the index is %s", manifest.MediaType)
	}
	var platforms []string
	for _, d := range manifest.Manifests {
		platforms = append(platforms, d.Platform.String())
		if d.MediaType != types.OCIManifestSchema1 {
			t.Errorf("%s is %s", d.Platform, d.MediaType)
		}
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %v", platforms)
	}
	eachImage(t, b, func(arch string, img v1.Image) {
		m, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Layers {
			if l.MediaType != types.OCILayer {
				t.Errorf("%s has a layer of %s", arch, l.MediaType)
			}
		}
	})
}

// IM-07: nobody's user; manifests that need root say so.
func TestIM07User(t *testing.T) {
	eachImage(t, build(t), func(arch string, img v1.Image) {
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.Config.User != "65532:65532" {
			t.Errorf("%s runs as %q", arch, config.Config.User)
		}
	})
}

// IM-09: config, manifest and index say what they are.
func TestIM09Annotations(t *testing.T) {
	b := build(t)
	index, err := b.Index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	eachImage(t, b, func(arch string, img v1.Image) {
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		m, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		for what, set := range map[string]map[string]string{"config": config.Config.Labels, "manifest": m.Annotations, "index": index.Annotations} {
			for _, key := range []string{"title", "description", "version", "revision", "source", "licenses", "created", "vendor", "base.name"} {
				if set["org.opencontainers.image."+key] == "" {
					t.Errorf("%s: the %s lacks %s", arch, what, key)
				}
			}
		}
	})
}

// IM-10: each output, read back by others' readers.
func TestIM10Outputs(t *testing.T) {
	dir := t.TempDir()
	ref, err := name.NewTag("ghcr.io/fusiongen/fusion:v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	b := build(t)
	layout := filepath.Join(dir, "layout")
	if err := image.WriteLayout(layout, b, ref); err != nil {
		t.Fatal(err)
	}
	read, err := image.ReadLayout(layout)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(read.Index); err != nil {
		t.Error(err)
	}
	archive := filepath.Join(dir, "archive.tar")
	if err := image.WriteArchive(archive, layout, release.Created); err != nil {
		t.Fatal(err)
	}
	docker := filepath.Join(dir, "docker.tar")
	if err := image.WriteDocker(docker, b, "arm64", ref); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"oci:" + layout + ":v1.2.3", "oci-archive:" + archive + ":v1.2.3", "docker-archive:" + docker} {
		out, err := exec.Command("skopeo", "--override-arch", "arm64", "inspect", source).CombinedOutput()
		if err != nil {
			t.Errorf("skopeo inspect %s: %v: %s", source, err, out)
		}
		if !strings.Contains(string(out), `"org.opencontainers.image.version": "v1.2.3"`) {
			t.Errorf("skopeo reads of %s: %s", source, out)
		}
	}
	// What lies in the way stays.
	foreign := filepath.Join(dir, "foreign")
	if err := os.MkdirAll(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := image.WriteLayout(foreign, b, ref); err == nil {
		t.Error("a directory with a person's files was overwritten")
	}
	if _, err := os.Stat(filepath.Join(foreign, "thesis.txt")); err != nil {
		t.Error(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// A flipped byte is found.
	corrupt(t, filepath.Join(layout, "blobs", "sha256"))
	if _, err := image.ReadLayout(layout); err == nil {
		t.Error("a layout with a flipped byte is taken for whole")
	}
}

// corrupt flips a byte of the largest file.
func corrupt(t *testing.T, dir string) {
	t.Helper()
	var largest string
	var size int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, _ := d.Info(); info != nil && info.Mode().IsRegular() && info.Size() > size {
			largest, size = path, info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(largest, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// IM-11: two bills of materials of each platform, which name the image by its digest and hold every module.
func TestIM11SBOM(t *testing.T) {
	b := build(t)
	if len(b.SBOMs) != 4 {
		t.Fatalf("%d bills of materials, want 4", len(b.SBOMs))
	}
	again, err := image.Build(binaries(t), release)
	if err != nil {
		t.Fatal(err)
	}
	for i, bom := range b.SBOMs {
		if string(bom.Data) != string(again.SBOMs[i].Data) {
			t.Errorf("%s differs between two builds", bom.Name)
		}
		if !json.Valid(bom.Data) || !strings.Contains(string(bom.Data), "pkg:golang/github.com/google/go-containerregistry@") {
			t.Errorf("%s does not name the modules", bom.Name)
		}
		if !strings.Contains(string(bom.Data), "CA certificates") || !strings.Contains(string(bom.Data), "time zone") {
			t.Errorf("%s does not name the certificates and time zones", bom.Name)
		}
		arch := strings.Split(strings.TrimPrefix(bom.Name, "fusion-"), ".")[0]
		img, err := b.Image(arch)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		m, err := bom.Manifest.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject == nil || m.Subject.Digest != digest || !strings.Contains(string(bom.Data), digest.Hex) {
			t.Errorf("%s is not of the image %s: %+v", bom.Name, digest, m.Subject)
		}
		if media, err := partial.ArtifactType(bom.Manifest); err != nil || media != string(bom.Media) {
			t.Errorf("%s is an artifact of %s, %v", bom.Name, media, err)
		}
	}
}

// IM-05: the compiler sees no setting of the caller's that would change the bytes, and no other program in its place.
func TestIM05Environment(t *testing.T) {
	c := image.Compiler{Env: append(os.Environ(), "GOFLAGS=-toolexec=/bin/false")}
	if err := c.Compile(t.Context(), "amd64", filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(err.Error(), "-toolexec") {
		t.Errorf("-toolexec: %v", err)
	}
}
