package image

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// Annotations that tell importers of a layout the image's name: containerd reads the first, skopeo and umoci the second.
const (
	annotationName = "io.containerd.image.name"
	annotationRef  = "org.opencontainers.image.ref.name"
)

// WriteLayout writes an OCI image layout to the new or empty directory dir, reads it back and checks every digest.
func WriteLayout(dir string, b *Built, ref name.Tag) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 && !isLayout(entries) {
		return fmt.Errorf("%s is neither empty nor an OCI image layout; name a new directory", dir)
	}
	// Beside the target, then moved: a failure leaves no half layout.
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".layout-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil { // MkdirTemp makes it private
		return err
	}
	path, err := layout.Write(tmp, empty.Index)
	if err != nil {
		return err
	}
	names := map[string]string{annotationName: ref.String(), annotationRef: ref.TagStr()}
	if err := path.AppendIndex(b.Index, layout.WithAnnotations(names)); err != nil {
		return err
	}
	for _, bom := range b.SBOMs {
		if err := path.AppendImage(bom.Manifest); err != nil {
			return err
		}
	}
	if _, err := ReadLayout(tmp); err != nil {
		return fmt.Errorf("the layout that was just written is not whole: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

func isLayout(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "oci-layout" })
}

// ReadLayout opens what WriteLayout wrote, and checks every digest.
func ReadLayout(dir string) (*Built, error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI image layout: %w", dir, err)
	}
	root, err := path.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return nil, err
	}
	b := &Built{}
	for _, d := range manifest.Manifests {
		switch d.MediaType {
		case types.OCIImageIndex:
			if b.Index, err = root.ImageIndex(d.Digest); err != nil {
				return nil, err
			}
			if err := validate.Index(b.Index); err != nil {
				return nil, err
			}
		case types.OCIManifestSchema1:
			img, err := root.Image(d.Digest)
			if err != nil {
				return nil, err
			}
			media, err := partial.ArtifactType(img)
			if err != nil {
				return nil, err
			}
			b.SBOMs = append(b.SBOMs, SBOM{Media: types.MediaType(media), Manifest: img})
		}
	}
	if b.Index == nil {
		return nil, fmt.Errorf("%s holds no image index", dir)
	}
	return b, nil
}

// WriteArchive writes the layout in dir as one tar file, the form that `ctr images import` and skopeo take.
func WriteArchive(file, dir string, at time.Time) error {
	return replace(file, func(w io.Writer) error {
		out := tar.NewWriter(w)
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == dir {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			if d.IsDir() {
				return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: filepath.ToSlash(rel) + "/", Mode: 0o755, ModTime: at, Format: tar.FormatUSTAR})
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(data)), ModTime: at, Format: tar.FormatUSTAR}
			if err := out.WriteHeader(h); err != nil {
				return err
			}
			_, err = out.Write(data)
			return err
		})
		if err != nil {
			return err
		}
		return out.Close()
	})
}

// WriteDocker writes the image of one architecture in the form of `docker save`.
func WriteDocker(file string, b *Built, arch string, ref name.Tag) error {
	img, err := b.Image(arch)
	if err != nil {
		return err
	}
	if err := replace(file, func(w io.Writer) error { return tarball.Write(ref, img, w) }); err != nil {
		return err
	}
	read, err := tarball.ImageFromPath(file, &ref)
	if err != nil {
		return err
	}
	return validate.Image(read)
}

// Image is the image of one architecture.
func (b *Built) Image(arch string) (v1.Image, error) {
	manifest, err := b.Index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range manifest.Manifests {
		if d.Platform != nil && d.Platform.Architecture == arch {
			return b.Index.Image(d.Digest)
		}
	}
	return nil, fmt.Errorf("the image is not built for %s", arch)
}

// replace writes a file whole, or leaves what was there.
func replace(file string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".image-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if err := write(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
