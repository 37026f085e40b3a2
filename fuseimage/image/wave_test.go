package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

// checkWaveLayer does what Wave does with a layer: sizes and digests of both forms; and looks for what could break an image.
func checkWaveLayer(t *testing.T, file string, l image.WaveLayer) {
	t.Helper()
	zipped, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if l.GzipSize != len(zipped) || l.GzipDigest != fmt.Sprintf("sha256:%x", sha256.Sum256(zipped)) {
		t.Errorf("%s: the JSON says %d bytes, %s", file, l.GzipSize, l.GzipDigest)
	}
	z, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	tarred, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if l.TarDigest != fmt.Sprintf("sha256:%x", sha256.Sum256(tarred)) {
		t.Errorf("%s: the JSON says %s of the tar", file, l.TarDigest)
	}
	r := tar.NewReader(bytes.NewReader(tarred))
	h, err := r.Next()
	if err != nil || h.Name != image.Binary || h.Mode != 0o755 {
		t.Errorf("%s holds %+v, %v", file, h, err)
	}
	if h, err := r.Next(); err != io.EOF {
		t.Errorf("%s holds %+v too", file, h)
	}
}
