package server

import (
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

func TestClass(t *testing.T) {
	declared := control.Task{Bucket: "b", Dir: "work/ab/cd", Declared: true, Outputs: []string{"*.bam", "results", "multiqc/**"}}
	open := control.Task{Bucket: "b", Dir: "work/ab/cd"}
	for _, c := range []struct {
		task  control.Task
		name  string
		class upload.Class
	}{
		{declared, "work/ab/cd/.command.out", upload.Control},
		{declared, "work/ab/cd/.fusion.log", upload.Control},
		{declared, "work/ab/cd/.fusion/trace.json", upload.Control},
		{declared, "work/ab/cd/.exitcode", upload.Final},
		{declared, "work/ab/cd/x.bam", upload.Output},
		{declared, "work/ab/cd/results/a/b", upload.Output},
		{declared, "work/ab/cd/results/", upload.Output},
		{declared, "work/ab/cd/multiqc/x", upload.Output},
		{declared, "work/ab/cd/sub/x.bam", upload.Keep},
		{declared, "work/ab/cd/sub/.command.out", upload.Keep},
		{declared, "work/ab/cde/x.tmp", upload.Other},
		{declared, "store/x.tmp", upload.Other},
		{open, "work/ab/cd/x.tmp", upload.Other},
		{open, "work/ab/cd/.exitcode", upload.Final},
	} {
		if got := newPlan(c.task).class(object.Key{Bucket: "b", Name: c.name}); got != c.class {
			t.Errorf("%s (declared: %v): class %d, want %d", c.name, c.task.Declared, got, c.class)
		}
	}
	if got := newPlan(declared).class(object.Key{Bucket: "other", Name: "work/ab/cd/x.tmp"}); got != upload.Other {
		t.Errorf("another bucket: class %d, want Other", got)
	}
	p := newPlan(declared)
	p.stopped.Store(true)
	if got := p.class(object.Key{Bucket: "b", Name: "work/ab/cd/.exitcode"}); got != upload.Control {
		t.Errorf(".exitcode of a stopped task: class %d, want Control", got)
	}
}
