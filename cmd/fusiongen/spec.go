package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// load reads the one spec that args name; "-" is standard input. With env, only that environment is completed.
func (c *cli) load(args []string, env string) (path string, ws *schema.Workspace, err error) {
	if len(args) != 1 {
		return "", nil, usageError{fmt.Sprintf("name one spec (or - for standard input), not %d", len(args))}
	}
	src, err := c.read(args[0])
	if err != nil {
		return "", nil, err
	}
	if env != "" {
		if ws, err = schema.Load(args[0], src, env); err != nil || len(ws.Environments) == 1 {
			return args[0], ws, err
		}
	}
	ws, err = schema.Load(args[0], src)
	return args[0], ws, err
}

func (c *cli) read(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(c.in)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file; a spec on standard input is -", path)
	}
	return os.ReadFile(path)
}

// tree builds a workspace for dir, which may be "" where nothing is written.
func (c *cli) tree(spec, dir string, ws *schema.Workspace) (*gen.Tree, gen.Options, error) {
	o := gen.Options{Version: c.version, Image: c.image}
	if spec != "-" {
		o.SpecPath = filepath.Base(spec)
		if dir != "" {
			if relative, err := relativePath(dir, spec); err == nil {
				o.SpecPath = relative
			}
		}
	}
	tree, err := gen.Build(ws, o)
	return tree, o, err
}

// relativePath is spec as seen from dir, with slashes; both may be relative to the working directory.
func relativePath(dir, spec string) (string, error) {
	absoluteDir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	absoluteSpec, err := filepath.Abs(spec)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(absoluteDir, absoluteSpec)
	return filepath.ToSlash(relative), err
}

// environment checks the name of an environment; names lists those that there are.
func environment(ws *schema.Workspace, env string) error {
	var names []string
	for _, e := range ws.Environments {
		if e.Name == env {
			return nil
		}
		names = append(names, e.Name)
	}
	if len(names) == 0 && env == "" {
		return nil
	}
	if len(names) == 0 {
		return usageError{fmt.Sprintf("the spec has no environments, so there is no %q", env)}
	}
	if env == "" {
		return usageError{fmt.Sprintf("the spec has the environments %s: pick one with --env, or write all with -o DIR", join(names))}
	}
	return usageError{fmt.Sprintf("there is no environment %q; there are %s", env, join(names))}
}

func join(names []string) string {
	text := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			text += " and "
		default:
			text += ", "
		}
		text += n
	}
	return text
}
