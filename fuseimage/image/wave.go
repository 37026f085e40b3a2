package image

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// WaveLayer is a layer as Wave takes it (nextflow, nf-wave: ContainerLayer).
type WaveLayer struct {
	Location    string `json:"location"` // URL that anybody may read
	GzipDigest  string `json:"gzipDigest"`
	GzipSize    int    `json:"gzipSize"` // bytes
	TarDigest   string `json:"tarDigest"`
	SkipHashing bool   `json:"skipHashing,omitempty"` // leaves the layer out of the container's fingerprint
}

// WaveConfig is a container configuration as Wave takes it (nextflow, nf-wave: ContainerConfig).
type WaveConfig struct {
	Entrypoint []string    `json:"entrypoint,omitempty"`
	Env        []string    `json:"env,omitempty"`
	Layers     []WaveLayer `json:"layers"`
}

// WriteWave writes fusion-ARCH.tar.gz and VERSION-ARCH.json for each binary to dir. Wave picks the layer by its
// file name, and Nextflow the JSON by its architecture. location is the URL under which the files will be published.
func WriteWave(dir, location string, binaries map[string]string, r Release) error {
	base, err := url.Parse(location)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" {
		return fmt.Errorf("--location %q is no http or https URL; Wave reads the layer from there, without credentials", location)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for arch, path := range binaries {
		zipped, l, err := waveLayer(path, r.Created)
		if err != nil {
			return err
		}
		file := "fusion-" + arch + ".tar.gz"
		l.Location = strings.TrimSuffix(base.String(), "/") + "/" + file
		config, err := json.MarshalIndent(WaveConfig{Layers: []WaveLayer{l}}, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), zipped, 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, r.Version+"-"+arch+".json"), append(config, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// waveLayer is the compressed layer, and what Wave is told of it.
func waveLayer(path string, at time.Time) ([]byte, WaveLayer, error) {
	l, err := binaryLayer(path, at, types.OCILayer)
	if err != nil {
		return nil, WaveLayer{}, err
	}
	digest, err := l.Digest()
	if err != nil {
		return nil, WaveLayer{}, err
	}
	diff, err := l.DiffID()
	if err != nil {
		return nil, WaveLayer{}, err
	}
	rc, err := l.Compressed()
	if err != nil {
		return nil, WaveLayer{}, err
	}
	defer rc.Close()
	zipped, err := io.ReadAll(rc)
	return zipped, WaveLayer{GzipDigest: digest.String(), GzipSize: len(zipped), TarDigest: diff.String()}, err
}
