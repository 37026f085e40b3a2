package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

var buildCommand = command{
	name: "build", args: "", summary: "compile the runtime and write its image as an OCI layout; prints NAME@sha256:…",
	example: "fuseimage build -o layout --name ghcr.io/fusiongen/fusion",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		b := builder{cli: c}
		b.flags(fs)
		out := fs.String("o", "", "`directory` of the OCI layout (required)")
		repository := fs.String("name", "ghcr.io/fusiongen/fusion", "`name` of the image, without a tag")
		archive := fs.String("archive", "", "write the layout as a tar `file` too")
		docker := fs.String("docker-archive", "", "write PREFIX-ARCH.tar for docker load too; `prefix`")
		sbom := fs.String("sbom", "", "write the bills of materials to this `directory` too")
		return func(ctx context.Context, args []string) error {
			if *out == "" || len(args) > 0 {
				return usageError{"build: name the layout's directory: fuseimage build -o DIR"}
			}
			ref, err := name.NewTag(*repository + ":" + b.version)
			if err != nil {
				return usageError{fmt.Sprintf("build: --name: %v", err)}
			}
			built, release, cleanup, err := b.build(ctx)
			defer cleanup()
			if err != nil {
				return err
			}
			if err := image.WriteLayout(*out, built, ref); err != nil {
				return err
			}
			if *archive != "" {
				if err := image.WriteArchive(*archive, *out, release.Created); err != nil {
					return err
				}
			}
			if *docker != "" {
				for _, arch := range b.archs {
					if err := image.WriteDocker(*docker+"-"+arch+".tar", built, arch, ref); err != nil {
						return err
					}
				}
			}
			if *sbom != "" {
				if err := os.MkdirAll(*sbom, 0o755); err != nil {
					return err
				}
				for _, bom := range built.SBOMs {
					if err := os.WriteFile(filepath.Join(*sbom, bom.Name), append(bom.Data, '\n'), 0o644); err != nil {
						return err
					}
				}
			}
			digest, err := built.Index.Digest()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, ref.Context().Digest(digest.String()))
			return err
		}
	},
}

// builder has the flags and the steps that build, wave and augment share.
type builder struct {
	cli              *cli
	version, rev     string
	source, platform string
	given            map[string]string // binaries that need no compiling, by architecture
	archs            []string
}

func (b *builder) flags(fs *flag.FlagSet) {
	b.given = map[string]string{}
	fs.StringVar(&b.version, "version", b.cli.version, "version of the runtime, also the image's tag")
	fs.StringVar(&b.rev, "revision", "", "source `commit` for the image's labels")
	fs.StringVar(&b.source, "source", ".", "`directory` inside of the source tree")
	fs.StringVar(&b.platform, "platform", "linux/amd64,linux/arm64", "`platforms`, separated by commas")
	fs.Func("binary", "`ARCH=FILE`: take this binary instead of compiling; may be repeated", func(s string) error {
		arch, file, ok := strings.Cut(s, "=")
		if !ok || !slices.Contains(image.Architectures(), arch) {
			return errors.New("write ARCH=FILE, with amd64 or arm64")
		}
		b.given[arch] = file
		return nil
	})
}

// binaries are the compiled programs by architecture; cleanup removes what was compiled.
func (b *builder) binaries(ctx context.Context) (map[string]string, image.Release, func(), error) {
	nothing := func() {}
	created, err := image.Created(b.cli.getenv)
	if err != nil {
		return nil, image.Release{}, nothing, usageError{err.Error()}
	}
	release := image.Release{Version: b.version, Revision: b.rev, Created: created}
	dir, err := os.MkdirTemp("", "fuseimage-")
	if err != nil {
		return nil, release, nothing, err
	}
	cleanup := func() { os.RemoveAll(dir) }
	binaries := map[string]string{}
	for platform := range strings.SplitSeq(b.platform, ",") {
		osName, arch, _ := strings.Cut(platform, "/")
		if osName != "linux" || !slices.Contains(image.Architectures(), arch) {
			return nil, release, cleanup, usageError{fmt.Sprintf("--platform: %q is none of linux/amd64, linux/arm64", platform)}
		}
		b.archs = append(b.archs, arch)
		if file := b.given[arch]; file != "" {
			binaries[arch] = file
			continue
		}
		fmt.Fprintln(b.cli.err, "fuseimage: compile for", platform)
		binaries[arch] = filepath.Join(dir, "fusion-"+arch)
		compiler := image.Compiler{Source: b.source, Version: b.version, Env: b.cli.environ}
		if err := compiler.Compile(ctx, arch, binaries[arch]); err != nil {
			return nil, release, cleanup, err
		}
	}
	return binaries, release, cleanup, nil
}

func (b *builder) build(ctx context.Context) (*image.Built, image.Release, func(), error) {
	binaries, release, cleanup, err := b.binaries(ctx)
	if err != nil {
		return nil, release, cleanup, err
	}
	built, err := image.Build(binaries, release)
	return built, release, cleanup, err
}
