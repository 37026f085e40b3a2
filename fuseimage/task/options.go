package task

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// options are what stands before COMMAND.
type options struct {
	root   string
	inside bool // this process was started by mount.Reexec
	try    bool // and has only to show that it can mount
	args   []string
}

var (
	errHelp    = errors.New("help")
	errVersion = errors.New("version")
)

func parseOptions(args []string) (options, error) {
	o := options{root: Root, args: args}
	for len(o.args) > 0 && strings.HasPrefix(o.args[0], "-") && o.args[0] != "--" {
		name, value, joined := strings.Cut(o.args[0], "=")
		o.args = o.args[1:]
		switch name {
		case "-h", "--help":
			return o, errHelp
		case "--version":
			return o, errVersion
		case "--inside":
			o.inside = true
		case "--try":
			o.try = true
		case "--root":
			if !joined {
				if len(o.args) == 0 {
					return o, errors.New("--root wants a directory")
				}
				value, o.args = o.args[0], o.args[1:]
			}
			if !filepath.IsAbs(value) {
				return o, fmt.Errorf("--root wants an absolute path, not %q", value)
			}
			o.root = filepath.Clean(value)
		default:
			return o, fmt.Errorf("unknown option %s; see fusion --help", name)
		}
	}
	if len(o.args) == 0 && !o.try {
		return o, errors.New("no command to run; see fusion --help")
	}
	return o, nil
}
