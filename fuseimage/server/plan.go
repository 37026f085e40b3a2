package server

import (
	"path"
	"strings"
	"sync/atomic"

	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// exitFile is by what executors other than Kubernetes learn that a task is done; it must come last.
const exitFile = ".exitcode"

// A plan decides what of a task is uploaded, and in which order.
type plan struct {
	task    control.Task
	outputs []glob
	stopped atomic.Bool // the task was told to end: its exit code need not wait for outputs, which may be large
}

func newPlan(t control.Task) *plan {
	p := &plan{task: t}
	for _, pattern := range t.Outputs {
		p.outputs = append(p.outputs, compileGlob(pattern))
	}
	return p
}

// class says when a key is uploaded, or that it stays local.
func (p *plan) class(key object.Key) upload.Class {
	name, inside := strings.CutPrefix(key.Name, p.task.Dir+"/")
	switch {
	case !inside || key.Bucket != p.task.Bucket:
		return upload.Other
	case name == exitFile && !p.stopped.Load():
		return upload.Final
	case name == exitFile || followed(name):
		return upload.Control
	case !p.task.Declared:
		return upload.Other
	case p.output(name):
		return upload.Output
	}
	return upload.Keep
}

// followed reports whether the head or a person reads the file to follow the task.
func followed(name string) bool {
	return strings.HasPrefix(name, ".command.") || strings.HasPrefix(name, ".fusion.") || strings.HasPrefix(name, ".fusion/")
}

// output reports whether a declared pattern takes the path or a directory above it.
func (p *plan) output(name string) bool {
	for name = strings.TrimSuffix(name, "/"); name != "." && name != ""; name = path.Dir(name) {
		for _, g := range p.outputs {
			if g.match(name) {
				return true
			}
		}
	}
	return false
}
