package image

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
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
		binary, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		zipped, l, err := waveLayer(binary, r.Created)
		if err != nil {
			return err
		}
		file := "fusion-" + arch + ".tar.gz"
		l.Location = strings.TrimSuffix(base.String(), "/") + "/" + file
		config, err := json.MarshalIndent(WaveConfig{Entrypoint: nil, Layers: []WaveLayer{l}}, "", "  ")
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

// waveLayer holds the binary and nothing else: a directory entry could replace a link of the image that it is added to.
func waveLayer(binary []byte, at time.Time) ([]byte, WaveLayer, error) {
	tarred, err := archive([]file{{name: Binary, mode: 0o755, data: binary}}, at)
	if err != nil {
		return nil, WaveLayer{}, err
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, WaveLayer{}, err
	}
	if _, err := w.Write(tarred); err != nil {
		return nil, WaveLayer{}, err
	}
	if err := w.Close(); err != nil {
		return nil, WaveLayer{}, err
	}
	return zipped.Bytes(), WaveLayer{GzipDigest: digestOf(zipped.Bytes()), GzipSize: zipped.Len(), TarDigest: digestOf(tarred)}, nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
