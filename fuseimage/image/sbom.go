package image

import (
	"bytes"
	"debug/buildinfo"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Media types of the two bills of materials, which are also their artifact types.
const (
	MediaSPDX      types.MediaType = "application/spdx+json"
	MediaCycloneDX types.MediaType = "application/vnd.cyclonedx+json"
)

// SBOM is a bill of materials of one platform's image.
type SBOM struct {
	Name     string // fusion-amd64.spdx.json
	Media    types.MediaType
	Data     []byte
	Manifest v1.Image // the artifact whose subject is the image
}

// part is one thing that the image holds.
type part struct {
	name, version string
	purl          string // package URL, "" none
	sha256        string // of a file, "" none
}

// sboms describes the image by what the Go toolchain wrote into the binary.
func sboms(img v1.Image, binary, arch string, r Release) ([]SBOM, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	parts := []part{
		{name: "stdlib", version: info.GoVersion, purl: "pkg:golang/stdlib@" + info.GoVersion[len("go"):]},
		{name: "time zone database of Go", version: info.GoVersion},
		{name: "CA certificates of golang.org/x/crypto/x509roots", version: rootsVersion(info), sha256: certificatesHash()},
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, part{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version})
	}
	var out []SBOM
	for _, form := range []struct {
		suffix string
		media  types.MediaType
		write  func(r Release, arch string, digest v1.Hash, parts []part) ([]byte, error)
	}{{"spdx.json", MediaSPDX, spdx}, {"cdx.json", MediaCycloneDX, cycloneDX}} {
		data, err := form.write(r, arch, digest, parts)
		if err != nil {
			return nil, err
		}
		manifest, err := artifact(img, form.media, data)
		if err != nil {
			return nil, err
		}
		out = append(out, SBOM{Name: "fusion-" + arch + "." + form.suffix, Media: form.media, Data: data, Manifest: manifest})
	}
	return out, nil
}

func rootsVersion(info *buildinfo.BuildInfo) string {
	for _, m := range info.Deps {
		if m.Path == "golang.org/x/crypto/x509roots/fallback" {
			return m.Version
		}
	}
	return ""
}

// artifact is an image manifest with one blob, whose subject is the image. Registries take the configuration's media type as the
// artifact type (OCI distribution specification 1.1).
func artifact(subject v1.Image, media types.MediaType, data []byte) (v1.Image, error) {
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img, err := mutate.Append(img, mutate.Addendum{Layer: uncompressed{static.NewLayer(data, media)}, MediaType: media})
	if err != nil {
		return nil, err
	}
	img = mutate.ConfigMediaType(img, media)
	digest, err := subject.Digest()
	if err != nil {
		return nil, err
	}
	size, err := subject.Size()
	if err != nil {
		return nil, err
	}
	descriptor := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: digest, Size: size}
	return mutate.Subject(img, descriptor).(v1.Image), nil
}

// uncompressed is a blob that is no archive.
type uncompressed struct{ v1.Layer }

func (u uncompressed) Uncompressed() (io.ReadCloser, error) {
	rc, err := u.Compressed()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	return io.NopCloser(bytes.NewReader(data)), err
}
