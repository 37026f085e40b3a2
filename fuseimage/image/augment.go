package image

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Augment appends the runtime to the image that from names and pushes the result to to. An index stays an index, with
// the platforms that there is a binary for; the other platforms are left out and named in skipped. Entry point,
// user and environment stay as they are.
func (r Remote) Augment(ctx context.Context, from name.Reference, to name.Tag, binaries map[string]string, release Release) (digest name.Digest, skipped []string, err error) {
	got, err := remote.Get(from, r.options(ctx)...)
	if err != nil {
		return name.Digest{}, nil, fmt.Errorf("read %s: %w", from, err)
	}
	if !got.MediaType.IsIndex() {
		img, err := got.Image()
		if err != nil {
			return name.Digest{}, nil, err
		}
		if img, err = augmented(img, binaries, release); err != nil {
			return name.Digest{}, nil, fmt.Errorf("%s: %w", from, err)
		}
		return r.write(ctx, to, img, func(d name.Reference, o []remote.Option) error { return remote.Write(d, img, o...) })
	}
	index, err := got.ImageIndex()
	if err != nil {
		return name.Digest{}, nil, err
	}
	if index, skipped, err = augmentedIndex(index, binaries, release); err != nil {
		return name.Digest{}, nil, fmt.Errorf("%s: %w", from, err)
	}
	digest, _, err = r.write(ctx, to, index, func(d name.Reference, o []remote.Option) error { return remote.WriteIndex(d, index, o...) })
	return digest, skipped, err
}

type tagged interface {
	remote.Taggable
	Digest() (v1.Hash, error)
}

// write pushes by digest, then sets the tag.
func (r Remote) write(ctx context.Context, to name.Tag, what tagged, push func(name.Reference, []remote.Option) error) (name.Digest, []string, error) {
	hash, err := what.Digest()
	if err != nil {
		return name.Digest{}, nil, err
	}
	digest := to.Context().Digest(hash.String())
	if err := r.watched(func(o []remote.Option) error { return push(digest, o) }, r.options(ctx)); err != nil {
		return name.Digest{}, nil, pushError(to, err)
	}
	if err := remote.Tag(to, what, r.options(ctx)...); err != nil {
		return name.Digest{}, nil, pushError(to, err)
	}
	return digest, nil, nil
}

func augmentedIndex(index v1.ImageIndex, binaries map[string]string, release Release) (v1.ImageIndex, []string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, nil, err
	}
	out := mutate.RemoveManifests(index, func(v1.Descriptor) bool { return true })
	var skipped []string
	kept := 0
	for _, d := range manifest.Manifests {
		if d.Platform == nil || d.Platform.OS != "linux" || binaries[d.Platform.Architecture] == "" {
			if d.Platform != nil && d.Platform.OS != "unknown" { // attestations have the platform unknown/unknown
				skipped = append(skipped, d.Platform.String())
			}
			continue
		}
		img, err := index.Image(d.Digest)
		if err != nil {
			return nil, nil, err
		}
		if img, err = augmented(img, binaries, release); err != nil {
			return nil, nil, err
		}
		out = mutate.AppendManifests(out, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: d.Platform}})
		kept++
	}
	if kept == 0 {
		return nil, nil, fmt.Errorf("it has no platform that the runtime is built for")
	}
	return out, skipped, nil
}

// augmented appends the layer; its media type follows the image's, because registries refuse a mix.
func augmented(img v1.Image, binaries map[string]string, release Release) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	path := binaries[config.Architecture]
	if path == "" || config.OS != "linux" {
		return nil, fmt.Errorf("the image is for %s/%s, which the runtime is not built for", config.OS, config.Architecture)
	}
	media := types.DockerLayer
	if mt, err := img.MediaType(); err != nil {
		return nil, err
	} else if mt == types.OCIManifestSchema1 {
		media = types.OCILayer
	}
	l, err := binaryLayer(path, release.Created, media)
	if err != nil {
		return nil, err
	}
	history := v1.History{Created: v1.Time{Time: release.Created}, CreatedBy: "fuseimage augment", Comment: "fusion " + release.Version}
	return mutate.Append(img, mutate.Addendum{Layer: l, History: history, MediaType: media})
}
