package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var runtimeHostPath = lint.Rule{
	ID: "FG330", Slug: "runtime-host-path", Severity: lint.Error, Since: "0.1",
	Summary: "tasks take /usr/bin/fusion from a path of the node that nothing fills",
	Check:   checkRuntimeHostPath,
}

func checkRuntimeHostPath(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		o := t.mount(runtimePath)
		if o == nil || !o.Get("hostPath").Known() {
			continue
		}
		host := o.Get("hostPath")
		files, daemons := installed(set), set.Kind("DaemonSet")
		found := false
		for _, f := range files {
			found = found || f.path == path.Clean(host.Value)
		}
		if found {
			continue
		}
		f := report.At(host, "mount the file that a DaemonSet of the set-up installs, or add such a DaemonSet", "nothing here puts a program at %s on the nodes: containerd makes an empty directory of that name, and every task fails", host.Value)
		for _, x := range files {
			f.Hint = "write " + x.path
			f.See(x.at, "installs %s", x.path)
			break
		}
		if len(daemons) == 0 || set.Partial {
			f.NotGiven()
		}
	}
}

type installedFile struct {
	path string
	at   *lint.Node
}

// installed are the files that containers of DaemonSets put on the nodes by `fusion install FILE`, or the last word of a
// copying command.
func installed(set *lint.Setup) []installedFile {
	var out []installedFile
	for _, o := range set.Kind("DaemonSet") {
		spec := o.PodSpec()
		for _, list := range [...]string{"initContainers", "containers"} {
			for _, c := range spec.Get(list).List() {
				words := arguments(c)
				if len(words) == 0 {
					continue
				}
				first := strings.Fields(words[0].Value + " ")
				last := strings.Fields(words[len(words)-1].Value)
				copies := len(words) > 1 && words[1].Text() == "install" && path.Base(words[0].Text()) == "fusion" || len(first) > 0 && first[0] == "cp" || len(words) > 2 && strings.Contains(words[len(words)-1].Value, "cp ")
				if !copies || len(last) == 0 {
					continue
				}
				for _, target := range last {
					if p, ok := onHost(spec, c, target); ok {
						out = append(out, installedFile{p, words[len(words)-1]})
					}
				}
			}
		}
	}
	return out
}

// onHost is the node's path of a container's path that lies in a hostPath volume.
func onHost(spec, container *lint.Node, inside string) (string, bool) {
	clean := path.Clean(inside)
	for _, m := range container.Get("volumeMounts").List() {
		at := path.Clean(m.Get("mountPath").Text())
		v := spec.Get("volumes").Find("name", m.Get("name").Text())
		host := v.Get("hostPath", "path").Text()
		if rest, ok := strings.CutPrefix(clean, at+"/"); ok && host != "" && m.Get("name").Text() != "" {
			return path.Join(host, rest), true
		}
	}
	return "", false
}
