package image_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

// hub is a real registry that notes what it is asked, behind a door that can answer in its place.
type hub struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	door  func(w http.ResponseWriter, r *http.Request) bool // true: answered
}

func newHub(t *testing.T) *hub {
	h := &hub{}
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.calls = append(h.calls, r.Method+" "+r.URL.Path)
		door := h.door
		h.mu.Unlock()
		if door == nil || !door(w, r) {
			store.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hub) tag(t *testing.T, rest string) name.Tag {
	t.Helper()
	ref, err := name.NewTag(strings.TrimPrefix(h.URL, "http://") + "/" + rest)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (h *hub) position(pattern string) int {
	re := regexp.MustCompile(pattern)
	return slices.IndexFunc(h.calls, re.MatchString)
}

var quick = remote.Backoff{Duration: time.Millisecond, Factor: 1, Steps: 4}

// IM-12: blobs before manifests, those before the index, the tag last; the bills of materials are found from the images.
func TestIM12PushOrder(t *testing.T) {
	h, b := newHub(t), build(t)
	ref := h.tag(t, "team/fusion:v1")
	digest, err := image.Remote{Backoff: quick}.Push(t.Context(), b, ref)
	if err != nil {
		t.Fatal(err)
	}
	index := h.position(`^PUT /v2/team/fusion/manifests/` + digest.DigestStr())
	tag := h.position(`^PUT /v2/team/fusion/manifests/v1$`)
	head := h.position(`^HEAD /v2/team/fusion/blobs/`)
	lastBlob := 0
	for i, call := range h.calls {
		if strings.HasPrefix(call, "PUT /v2/team/fusion/blobs/uploads") && i < index {
			lastBlob = i
		}
	}
	if !(0 <= head && head < lastBlob && lastBlob < index && index < tag && tag == len(h.calls)-1) {
		t.Errorf("order: HEAD of a blob %d, last blob %d, index %d, tag %d of %d:\n%s", head, lastBlob, index, tag, len(h.calls), strings.Join(h.calls, "\n"))
	}
	pulled, err := remote.Index(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(pulled); err != nil {
		t.Error(err)
	}
	eachImage(t, b, func(arch string, img v1.Image) {
		d, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		referrers, err := remote.Referrers(ref.Context().Digest(d.String()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := referrers.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, r := range m.Manifests {
			kinds = append(kinds, r.ArtifactType)
		}
		slices.Sort(kinds)
		if !slices.Equal(kinds, []string{string(image.MediaSPDX), string(image.MediaCycloneDX)}) {
			t.Errorf("%s: referrers are %v", arch, kinds)
		}
	})
	// A second push sends no blob again.
	h.calls = nil
	if _, err := (image.Remote{Backoff: quick}).Push(t.Context(), b, ref); err != nil {
		t.Fatal(err)
	}
	if h.position(`^P(OST|UT|ATCH) .*/blobs/`) >= 0 {
		t.Errorf("blobs were sent again:\n%s", strings.Join(h.calls, "\n"))
	}
}

// IM-12: what passes is tried again, what is an answer is not.
func TestIM12Retries(t *testing.T) {
	h := newHub(t)
	failures := map[string]int{}
	h.door = func(w http.ResponseWriter, r *http.Request) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		what := r.URL.Query().Get("digest") // a blob's upload has another path at each try
		if what == "" {
			what = r.URL.Path
		}
		if r.Method != http.MethodPut || failures[what] == 2 {
			return false
		}
		failures[what]++
		w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[failures[what]-1])
		return true
	}
	if _, err := (image.Remote{Backoff: quick}).Push(t.Context(), build(t), h.tag(t, "team/fusion:v1")); err != nil {
		t.Errorf("two failures of each request: %v", err)
	}
	refused := newHub(t)
	refused.door = func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(http.StatusUnauthorized); return true }
	_, err := image.Remote{Backoff: quick}.Push(t.Context(), build(t), refused.tag(t, "team/fusion:v1"))
	if err == nil || !strings.Contains(err.Error(), "log in to") {
		t.Errorf("a refusal: %v", err)
	}
	if len(refused.calls) > 3 {
		t.Errorf("a refusal is asked %d times:\n%s", len(refused.calls), strings.Join(refused.calls, "\n"))
	}
}

// IM-12: a push that is given up ends, and leaves no goroutine.
func TestIM12Cancel(t *testing.T) {
	h := newHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan struct{})
	h.door = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch {
			return false
		}
		cancel()
		<-stuck
		return true
	}
	b := build(t)
	before := runtime.NumGoroutine()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	_, err := image.Remote{Transport: transport, Backoff: quick, Progress: func(int64, int64) {}}.Push(ctx, b, h.tag(t, "team/fusion:v1"))
	close(stuck)
	if err == nil {
		t.Fatal("a cancelled push succeeded")
	}
	transport.CloseIdleConnections()
	h.CloseClientConnections()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// IM-17: the files are what Wave checks: locations, sizes, both digests, and names that it picks the architecture by.
func TestIM17Wave(t *testing.T) {
	dir := t.TempDir()
	if err := image.WriteWave(dir, "ftp://example.com", binaries(t), release); err == nil {
		t.Error("a location that Wave cannot read is taken")
	}
	if err := image.WriteWave(dir, "https://example.com/fusion/", binaries(t), release); err != nil {
		t.Fatal(err)
	}
	for _, arch := range image.Architectures() {
		data, err := os.ReadFile(filepath.Join(dir, "v1.2.3-"+arch+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var config image.WaveConfig
		if err := json.Unmarshal(data, &config); err != nil {
			t.Fatal(err)
		}
		if len(config.Layers) != 1 {
			t.Fatalf("%d layers", len(config.Layers))
		}
		l := config.Layers[0]
		if found := regexp.MustCompile(`.*/fusion-(\w+)\.tar\.gz$`).FindStringSubmatch(l.Location); len(found) != 2 || found[1] != arch {
			t.Errorf("location %q", l.Location)
		}
		checkWaveLayer(t, filepath.Join(dir, "fusion-"+arch+".tar.gz"), l)
	}
}

// Augment adds one layer of the base's media type, keeps the rest, and handles indexes.
func TestAugment(t *testing.T) {
	h := newHub(t)
	docker, err := random.Image(1024, 2)
	if err != nil {
		t.Fatal(err)
	}
	if docker, err = mutate.ConfigFile(docker, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: rootFS(t, docker), Config: v1.Config{User: "1000", Entrypoint: []string{"/bin/sh"}}}); err != nil {
		t.Fatal(err)
	}
	from := h.tag(t, "lib/tool:1")
	if err := remote.Write(from, docker); err != nil {
		t.Fatal(err)
	}
	digest, skipped, err := image.Remote{Backoff: quick}.Augment(t.Context(), from, h.tag(t, "lib/tool:1-fusion"), binaries(t), release)
	if err != nil || len(skipped) > 0 {
		t.Fatal(err, skipped)
	}
	got, err := remote.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(got); err != nil {
		t.Error(err)
	}
	m, err := got.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Layers) != 3 || m.Layers[2].MediaType != types.DockerLayer {
		t.Errorf("layers: %+v", m.Layers)
	}
	config, err := got.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "1000" || config.Config.Entrypoint[0] != "/bin/sh" {
		t.Errorf("the configuration changed: %+v", config.Config)
	}

	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: docker, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: docker, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "riscv64"}}})
	many := h.tag(t, "lib/many:1")
	if err := remote.WriteIndex(many, index); err != nil {
		t.Fatal(err)
	}
	digest, skipped, err = image.Remote{Backoff: quick}.Augment(t.Context(), many, h.tag(t, "lib/many:1-fusion"), binaries(t), release)
	if err != nil || !slices.Equal(skipped, []string{"linux/riscv64"}) {
		t.Fatal(err, skipped)
	}
	pulled, err := remote.Index(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(pulled); err != nil {
		t.Error(err)
	}
}

func rootFS(t *testing.T, img v1.Image) v1.RootFS {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return config.RootFS
}
