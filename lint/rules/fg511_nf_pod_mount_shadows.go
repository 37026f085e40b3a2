package rules

import (
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nfPodMountShadows = lint.Rule{
	ID: "FG511", Slug: "nf-pod-mount-shadows", Severity: lint.Error, Since: "0.1",
	Summary: "a mount hides a directory that the container needs",
	Check:   checkMountShadows,
}

// system are directories without which a task's container does not run.
var system = []string{"/", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/etc", "/dev", "/proc", "/sys", "/opt", "/root", "/var"}

func checkMountShadows(set *lint.Setup, report *lint.Reporter) {
	for _, o := range options(set) {
		at := o.Get("mountPath")
		if !at.Known() {
			continue
		}
		hidden := path.Clean(at.Value)
		for _, source := range [...]string{"secret", "config"} {
			if n := o.Get(source); strings.Contains(n.Text(), "/") { // of one key, Nextflow mounts the parent directory
				hidden = path.Dir(hidden)
			}
		}
		switch {
		case slices.Contains(system, hidden):
			report.At(at, "mount it in a directory of its own", "the mount hides the image's %s: the task's programs are gone, and its container does not start", hidden)
		case hidden == "/fusion" && o.Get("emptyDir") == nil, strings.HasPrefix(hidden, "/fusion/"):
			report.At(at, "mount it elsewhere", "Fusion mounts the buckets below /fusion: %s hides them, or is hidden", at.Value)
		case !path.IsAbs(at.Value):
			report.At(at, "write an absolute path", "%q is no absolute path: the API server refuses every task pod", at.Value)
		}
	}
}
