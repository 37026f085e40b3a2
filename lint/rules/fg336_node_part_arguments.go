package rules

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var nodePartArguments = lint.Rule{
	ID: "FG336", Slug: "node-part-arguments", Severity: lint.Error, Since: "0.1",
	Summary: "a program of the runtime's image gets arguments that it does not take",
	Check:   checkNodePartArguments,
}

// program says which flags a program of the runtime's image has; those of numbers take a whole number.
type program struct{ numbers, others []string }

// programs are those of the runtime's image that run on nodes (cmd/fusion).
var programs = map[string]program{
	"fuse-device-plugin": {[]string{"count"}, []string{"resource", "directory", "sys", "dev", "listen"}},
	"fusion-node":        {nil, []string{"driver", "node", "kubelet", "scratch", "runtime", "listen"}},
	"nvme-prep": {[]string{"raid", "disks", "polls"}, []string{"mount", "filesystem", "model", "require-disks", "recreate-owned", "wipe", "poll", "taint", "retaint", "node", "listen", "every",
		"once", "dry-run"}},
}

func checkNodePartArguments(set *lint.Setup, report *lint.Reporter) {
	for _, o := range set.Kind("DaemonSet") {
		for _, c := range o.PodSpec().Get("containers").List() {
			words := arguments(c)
			if len(words) == 0 {
				continue
			}
			name := path.Base(words[0].Text())
			p, known := programs[name]
			if !known || words[0].Value != "/usr/bin/"+name {
				continue
			}
			for _, w := range words[1:] {
				if w.Known() {
					checkArgument(report, o, name, p, w)
				}
			}
			checkListen(report, o, c, words)
		}
	}
}

func checkArgument(report *lint.Reporter, o *lint.Object, name string, p program, w *lint.Node) {
	const ends = "it ends at once, and again at every start"
	text, dashed := strings.CutPrefix(w.Value, "-")
	key, value, given := strings.Cut(strings.TrimPrefix(text, "-"), "=")
	number := slices.Contains(p.numbers, key)
	_, err := strconv.Atoi(value)
	switch {
	case !dashed:
		return // the value of the flag before it
	case !number && !slices.Contains(p.others, key):
		report.At(w, "the flags of "+name+" are --"+strings.Join(slices.Concat(p.numbers, p.others), ", --"), "%s has no flag --%s: in %s %s", name, key, o.ID(), ends)
	case number && given && err != nil:
		report.At(w, "write a whole number", "--%s of %s takes a whole number, not %q: in %s %s", key, name, value, o.ID(), ends)
	}
}

// checkListen: the probes ask the port that the program listens on.
func checkListen(report *lint.Reporter, o *lint.Object, c *lint.Node, words []*lint.Node) {
	value, at := flag(words, "listen")
	if at == nil {
		return
	}
	port := value[strings.LastIndexByte(value, ':')+1:]
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		report.At(at, "write --listen=:PORT", "%q is no address to listen on: the container of %s ends at once, and again at every start", value, o.ID())
		return
	}
	for _, probe := range [...]string{"livenessProbe", "readinessProbe"} {
		if asked := c.Get(probe, "httpGet"); asked != nil && probe == "livenessProbe" && asked.Get("path").Text() != "/healthz" && !asked.Get("path").Unknown() {
			report.At(orNode(asked.Get("path"), asked), "write path: /healthz", "the liveness probe of %s asks for a page that its program does not have (/healthz says whether it lives): kubelet restarts it for ever", o.ID())
			return
		}
		n := c.Get(probe, "httpGet", "port")
		if named := c.Get("ports").Find("name", n.Text()); named != nil {
			n = named.Get("containerPort")
		}
		if n.Known() && n.Kind == lint.Number && n.Value != port {
			report.At(n, "write "+port, "the %s of %s asks the port %s, but its program listens on %s: kubelet restarts it for ever, or never takes it for ready", probe, o.ID(), n.Value, port).See(at, "it listens here")
			return
		}
	}
}
