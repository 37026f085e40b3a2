package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

var buildCommand = command{
	name: "build", args: "SPEC", summary: "generate manifests, IAM documents and nextflow.config",
	example: `fusiongen build spec.cue | kubectl apply -f -
fusiongen build -o deploy spec.cue | xargs kubectl apply -k
fusiongen build --env prod spec.cue
fusiongen build --check -o deploy spec.cue
fusiongen build --check                     # every tree below the current directory`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		b := build{cli: c}
		fs.StringVar(&b.dir, "o", "", "write the tree into `DIR` and print its name")
		fs.StringVar(&b.env, "env", "", "the one `ENVIRONMENT` to build")
		fs.BoolVar(&b.check, "check", false, "compare with what is there: exit 1 and a diff where it differs")
		fs.BoolVar(&b.warn, "warnings", false, "tell, too, what the linter warns of")
		fs.BoolVar(&b.force, "force", false, "overwrite files that were edited by hand")
		return b.run
	},
}

const notAsSpec = "the tree is not what the spec says; build writes it anew"

type build struct {
	*cli
	dir, env     string
	check, force bool
	warn         bool
}

func (b *build) run(ctx context.Context, args []string) error {
	switch {
	case b.check && len(args) == 0 && b.dir == "":
		return b.checkAll(ctx)
	case b.check && b.dir == "":
		return usageError{"--check compares with a tree: name it with -o DIR"}
	}
	streamed := b.env
	if b.dir != "" {
		streamed = "" // a tree has all environments
	}
	path, ws, err := b.load(args, streamed)
	if err != nil {
		return err
	}
	if b.env != "" || b.dir == "" {
		if err := environment(ws, b.env); err != nil {
			return err
		}
	}
	if b.check {
		return b.compare(path, b.dir, ws)
	}
	if b.dir == "" {
		return b.stream(ctx, path, ws)
	}
	return b.write(ctx, path, ws)
}

// stream prints what kubectl kustomize prints, all of it or nothing.
func (b *build) stream(ctx context.Context, path string, ws *schema.Workspace) error {
	tree, o, err := b.tree(path, "", ws)
	if err != nil {
		return err
	}
	if err := b.lintTree(tree, path, b.env, ws, b.warn); err != nil {
		return err
	}
	data, err := tree.Render(b.env)
	if err != nil || ctx.Err() != nil {
		return err
	}
	for _, note := range gen.Notes(ws, o) {
		b.note(note)
	}
	_, err = b.out.Write(data)
	return err
}

func (b *build) write(ctx context.Context, path string, ws *schema.Workspace) error {
	tree, o, err := b.tree(path, b.dir, ws)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if err := b.replaced(tree, b.dir); err != nil {
		return err
	}
	if err := b.lintTree(tree, path, "", ws, b.warn); err != nil {
		return err
	}
	if _, err := tree.Write(b.dir, gen.WriteOptions{Force: b.force}); err != nil {
		return err
	}
	for _, note := range gen.Notes(ws, o) {
		b.note(note)
	}
	if b.env == "" {
		for _, e := range ws.Environments {
			fmt.Fprintln(b.err, filepath.Join(b.dir, filepath.FromSlash(gen.Root(e.Name))))
		}
		_, err = fmt.Fprintln(b.out, b.dir)
		return err
	}
	_, err = fmt.Fprintln(b.out, filepath.Join(b.dir, filepath.FromSlash(gen.Root(b.env))))
	return err
}

func (b *build) compare(path, dir string, ws *schema.Workspace) error {
	tree, _, err := b.tree(path, dir, ws)
	if err != nil {
		return err
	}
	diff, err := tree.Diff(dir)
	if err != nil {
		return err
	}
	if err := b.replaced(tree, dir); err != nil {
		return err
	}
	if len(diff) > 0 {
		return drift{string(diff), notAsSpec}
	}
	return nil
}

// replaced names the fields whose change makes a new compute environment beside the one that there is.
func (b *build) replaced(tree *gen.Tree, dir string) error {
	all, err := tree.Replaced(dir)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		b.note(fmt.Sprintf("%s: this change replaces the compute environment, by %s; the tree's README says how to go from one to the next", filepath.Join(dir, filepath.FromSlash(file)), join(all[file])))
	}
	return err
}

// checkAll compares every tree below the working directory with the spec that its sum file names.
func (b *build) checkAll(ctx context.Context) error {
	var diffs strings.Builder
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.Name() != gen.SumFile {
			return nil
		}
		err = b.checkTree(filepath.Dir(path), path)
		if d, ok := err.(drift); ok {
			diffs.WriteString(d.text)
			return nil
		}
		return err
	})
	if err == nil && diffs.Len() > 0 {
		return drift{diffs.String(), notAsSpec}
	}
	return err
}

func (b *build) checkTree(dir, sumPath string) error {
	data, err := os.ReadFile(sumPath)
	if err != nil {
		return err
	}
	sum, err := gen.ParseSum(data)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if sum.Spec == "" {
		b.note(dir + " was built from standard input, so there is no spec to compare it with")
		return nil
	}
	spec := filepath.Join(dir, filepath.FromSlash(sum.Spec))
	_, ws, err := b.load([]string{spec}, "")
	if err != nil {
		return err
	}
	return b.compare(spec, dir, ws)
}
