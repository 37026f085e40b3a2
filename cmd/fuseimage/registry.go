package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fusiongen/fusiongen/fuseimage/image"
)

var pushCommand = command{
	name: "push", args: "LAYOUT NAME[:TAG]", summary: "push a layout with its bills of materials; prints NAME@sha256:…",
	example: "fuseimage push layout ghcr.io/fusiongen/fusion:v1.0.0",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		return func(ctx context.Context, args []string) error {
			if len(args) != 2 {
				return usageError{"push: name the layout and where it goes: fuseimage push LAYOUT NAME:TAG"}
			}
			ref, err := name.NewTag(args[1])
			if err != nil {
				return usageError{fmt.Sprintf("push: %v", err)}
			}
			built, err := image.ReadLayout(args[0])
			if err != nil {
				return err
			}
			digest, err := image.Remote{Progress: progress(c.err)}.Push(ctx, built, ref)
			if err != nil {
				return err
			}
			return c.pushed(digest)
		}
	},
}

var waveCommand = command{
	name: "wave", args: "", summary: "write the runtime as a layer that Wave adds to containers",
	example: "fuseimage wave --out layer --location https://example.com/fusion",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		b := builder{cli: c}
		b.flags(fs)
		out := fs.String("out", "", "`directory` for fusion-ARCH.tar.gz and VERSION-ARCH.json (required)")
		location := fs.String("location", "", "`URL` under which the files will be published (required)")
		return func(ctx context.Context, args []string) error {
			if *out == "" || *location == "" || len(args) > 0 {
				return usageError{"wave: name the directory and the URL: fuseimage wave --out DIR --location https://…"}
			}
			binaries, release, cleanup, err := b.binaries(ctx)
			defer cleanup()
			if err != nil {
				return err
			}
			return image.WriteWave(*out, *location, binaries, release)
		}
	},
}

var augmentCommand = command{
	name: "augment", args: "IMAGE NAME:TAG", summary: "append the runtime to an image and push it under another name; prints NAME@sha256:…",
	example: "fuseimage augment quay.io/biocontainers/samtools:1.21 registry.example.com/samtools:1.21-fusion",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		b := builder{cli: c}
		b.flags(fs)
		return func(ctx context.Context, args []string) error {
			if len(args) != 2 {
				return usageError{"augment: name the image and the new name: fuseimage augment IMAGE NAME:TAG"}
			}
			from, err := name.ParseReference(args[0])
			if err != nil {
				return usageError{fmt.Sprintf("augment: %v", err)}
			}
			to, err := name.NewTag(args[1])
			if err != nil {
				return usageError{fmt.Sprintf("augment: %v", err)}
			}
			binaries, release, cleanup, err := b.binaries(ctx)
			defer cleanup()
			if err != nil {
				return err
			}
			digest, skipped, err := image.Remote{Progress: progress(c.err)}.Augment(ctx, from, to, binaries, release)
			if err != nil {
				return err
			}
			if len(skipped) > 0 {
				fmt.Fprintf(c.err, "fuseimage: left out, because the runtime is not built for them: %s\n", strings.Join(skipped, ", "))
			}
			return c.pushed(digest)
		}
	},
}

// pushed prints the reference, and how to sign what it names.
func (c *cli) pushed(digest name.Digest) error {
	if _, err := fmt.Fprintln(c.out, digest); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.err, "fuseimage: to sign it: cosign sign %s\n", digest)
	return err
}

// progress draws on a terminal, and says nothing elsewhere.
func progress(w io.Writer) func(done, total int64) {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int64) {
		if total <= 0 {
			return
		}
		const width = 30
		full := int(done * width / total)
		fmt.Fprintf(f, "\r[%s%s] %d of %d MiB", strings.Repeat("=", full), strings.Repeat(" ", width-full), done>>20, total>>20)
		if done >= total {
			fmt.Fprintln(f)
		}
	}
}
