package main

import (
	"bytes"
	"context"
	stderrors "errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"

	"github.com/fusiongen/fusiongen/schema"
)

var fmtCommand = command{
	name: "fmt", args: "[--check] SPEC…", summary: "format specs in CUE as cue fmt does",
	example: "fusiongen fmt spec.cue\nfusiongen fmt --check examples/*.cue\nfusiongen fmt - < spec.cue",
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		check := fs.Bool("check", false, "only name the files whose format differs, and exit 1")
		return func(ctx context.Context, args []string) error { return c.format(args, *check) }
	},
}

func (c *cli) format(args []string, check bool) error {
	if len(args) == 0 {
		return usageError{"name the specs to format, or - for standard input"}
	}
	var differs []string
	for _, path := range args {
		src, err := c.read(path)
		if err != nil {
			return err
		}
		if ext := filepath.Ext(path); path != "-" && ext != ".cue" {
			return usageError{fmt.Sprintf("%s is no CUE; only CUE specs are formatted", path)}
		}
		file, err := parser.ParseFile(path, src, parser.ParseComments)
		if err != nil {
			return syntax(path, err)
		}
		out, err := format.Node(file)
		if err != nil {
			return err
		}
		switch {
		case path == "-":
			if _, err := c.out.Write(out); err != nil {
				return err
			}
		case bytes.Equal(src, out):
		case check:
			differs = append(differs, path)
		default:
			if err := replace(path, out); err != nil {
				return err
			}
		}
	}
	if len(differs) > 0 {
		return drift{strings.Join(differs, "\n") + "\n", "fusiongen fmt would change these files"}
	}
	return nil
}

func syntax(path string, err error) error {
	var out schema.Diagnostics
	for _, e := range errors.Errors(err) {
		message, args := e.Msg()
		out = append(out, schema.Diagnostic{Pos: schema.Pos{File: path, Line: e.Position().Line(), Column: e.Position().Column()}, Message: fmt.Sprintf(message, args...)})
	}
	return out
}

// replace changes a file by rename, with its mode kept.
func replace(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".fusiongen-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if err := stderrors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// formatted is CUE text in its usual format; text that is no CUE stays as it is.
func formatted(text string) string {
	if out, err := format.Source([]byte(text)); err == nil {
		return string(out)
	}
	return text
}
