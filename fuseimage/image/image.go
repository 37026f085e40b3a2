// Package image builds the runtime's OCI image without a container engine: from nothing, for two architectures, and such
// that the same source gives the same digest on any machine. It also writes the layer for Wave, and adds the runtime to
// images of others.
package image

import (
	"fmt"
	"os"
	"strconv"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// User is whom the image runs as unless a manifest says otherwise: UID:GID of "nonroot".
const User = "65532:65532"

// Release is what a build is labelled with.
type Release struct {
	Version  string
	Revision string // commit, "" when not told
	Created  time.Time
}

// Built is an image index with what belongs to it.
type Built struct {
	Index v1.ImageIndex
	SBOMs []SBOM // two of each platform
}

// Created is the time that SOURCE_DATE_EPOCH says (seconds, reproducible-builds.org), or the epoch.
func Created(getenv func(string) string) (time.Time, error) {
	text := getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, which is no number of seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Build makes the index from a compiled binary of each architecture: paths by architecture.
func Build(binaries map[string]string, r Release) (*Built, error) {
	out := &Built{Index: mutate.IndexMediaType(empty.Index, types.OCIImageIndex)}
	for _, arch := range Architectures() {
		path, ok := binaries[arch]
		if !ok {
			continue
		}
		img, err := platformImage(path, arch, r)
		if err != nil {
			return nil, fmt.Errorf("linux/%s: %w", arch, err)
		}
		platform := &v1.Platform{OS: "linux", Architecture: arch}
		out.Index = mutate.AppendManifests(out.Index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
		boms, err := sboms(img, path, arch, r)
		if err != nil {
			return nil, fmt.Errorf("linux/%s: %w", arch, err)
		}
		out.SBOMs = append(out.SBOMs, boms...)
	}
	if len(binaries) == 0 {
		return nil, fmt.Errorf("there is no binary to put into an image")
	}
	out.Index = mutate.Annotations(out.Index, r.labels()).(v1.ImageIndex)
	return out, nil
}

func platformImage(path, arch string, r Release) (v1.Image, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	config := &v1.ConfigFile{
		Architecture: arch, OS: "linux", Created: v1.Time{Time: r.Created},
		Config: v1.Config{User: User, Entrypoint: []string{"/" + Binary}, Labels: r.labels(),
			Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}},
		RootFS: v1.RootFS{Type: "layers"},
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		what  string
		files []file
	}{{"accounts, certificates, /tmp", base()}, {"the runtime", runtime(binary)}} {
		tarred, err := archive(part.files, r.Created)
		if err != nil {
			return nil, err
		}
		l, err := layer(tarred, types.OCILayer)
		if err != nil {
			return nil, err
		}
		history := v1.History{Created: v1.Time{Time: r.Created}, CreatedBy: "fuseimage build", Comment: part.what}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: history, MediaType: types.OCILayer}); err != nil {
			return nil, err
		}
	}
	return mutate.Annotations(img, r.labels()).(v1.Image), nil
}

// labels are the annotations of the OCI image specification, on configuration, manifests and index alike.
func (r Release) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	labels := map[string]string{
		prefix + "title":       "fusion",
		prefix + "description": "S3 as files for Nextflow tasks on Kubernetes: launcher, FUSE device plugin, NVMe preparation, node volumes",
		prefix + "version":     r.Version,
		prefix + "source":      "https://github.com/fusiongen/fusiongen",
		prefix + "licenses":    "Apache-2.0",
		prefix + "vendor":      "fusiongen",
		prefix + "created":     r.Created.Format(time.RFC3339),
		prefix + "base.name":   "scratch",
	}
	if r.Revision != "" {
		labels[prefix+"revision"] = r.Revision
	}
	return labels
}
