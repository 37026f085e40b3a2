package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive is the uncompressed tar of the files: sorted by name, owned by root, all of one time, without extended
// attributes, so that the same files give the same bytes.
func archive(files []file, at time.Time) ([]byte, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return strings.Compare(a.name, b.name) })
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(header(f, at)); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func header(f file, at time.Time) *tar.Header {
	h := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.data)), ModTime: at, Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
	switch {
	case f.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, f.name+"/"
	case f.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
	}
	if f.mode&fs.ModeSticky != 0 {
		h.Mode |= 0o1000
	}
	return h
}

// layer compresses a tar; the gzip header holds neither name nor time.
func layer(tarred []byte, media types.MediaType) (v1.Layer, error) {
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(tarred)), nil },
		tarball.WithMediaType(media), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

// binaryLayer holds the binary and nothing else: a directory entry could replace a link of the image that it is added to.
func binaryLayer(path string, at time.Time, media types.MediaType) (v1.Layer, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tarred, err := archive([]file{{name: Binary, mode: 0o755, data: binary}}, at)
	if err != nil {
		return nil, err
	}
	return layer(tarred, media)
}
