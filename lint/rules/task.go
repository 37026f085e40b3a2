package rules

import (
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/nfconfig"
)

// defaultDevice is the resource that Nextflow asks for where k8s.fuseDevicePlugin names none (K8sConfig.groovy).
const defaultDevice = "nextflow.io/fuse"

// runtimePath is where Nextflow calls the FUSE client in the task's container (FusionConfig.groovy).
const runtimePath = "/usr/bin/fusion"

// task is what a configuration, seen with one profile, says of the pods that Nextflow makes.
type task struct {
	lint.View
	set     *lint.Setup
	Options []option // k8s.pod, then the pod directive outside of selectors
}

// option is one entry of k8s.pod or of a pod directive.
type option struct {
	*lint.Node
	Setting  string // "k8s.pod" or "process.pod"
	Selector string
}

func taskPods(set *lint.Setup) []task {
	var out []task
	for _, v := range set.Views() {
		t := task{View: v, set: set}
		for _, name := range [...]string{"k8s.pod", "process.pod"} {
			for _, n := range v.Get(name).OneOrMore() {
				if n.Kind == lint.Map {
					t.Options = append(t.Options, option{Node: n, Setting: name})
				}
			}
		}
		out = append(out, t)
	}
	return out
}

// options are the entries of every pod setting on Kubernetes, those of selectors too, each once.
func options(set *lint.Setup) []option {
	var out []option
	seen := map[*lint.Config]bool{}
	for _, v := range set.Views() {
		if seen[v.Config] {
			continue
		}
		seen[v.Config] = true
		for _, s := range v.Settings() {
			if s.Setting.Name != "k8s.pod" && s.Setting.Name != "process.pod" {
				continue
			}
			for _, n := range s.Value.OneOrMore() {
				if n.Kind == lint.Map {
					out = append(out, option{n, s.Setting.Name, s.Selector})
				}
			}
		}
	}
	return out
}

// whole says whether what the configuration does not say is not said at all: it includes no other file, and no other
// configuration of the set-up would be given along with it. One that is complete by itself would not.
func (t task) whole() bool {
	return len(t.NF.Includes) == 0 && !slices.ContainsFunc(t.set.Configs, func(c *lint.Config) bool { return c != t.Config && !complete(c) })
}

// complete says whether a configuration is enough for runs on Kubernetes: it says the executor and has a k8s scope.
func complete(c *lint.Config) bool {
	says := func(name string) bool {
		return slices.ContainsFunc(c.NF.Settings, func(s nfconfig.Setting) bool {
			return s.Selector == "" && (s.Name == name || strings.HasPrefix(s.Name, name+"."))
		})
	}
	return len(c.NF.Includes) == 0 && says("process.executor") && says("k8s")
}

// fusion says whether the pods surely use Fusion, and where that stands: a setting of the configuration, else the
// head's environment (nil).
func (t task) fusion() (*lint.Node, bool) {
	if n := t.Get("fusion.enabled"); n != nil {
		return n, n.IsTrue()
	}
	for _, h := range t.heads() {
		if h.env("FUSION_ENABLED").Text() == "true" {
			return nil, true
		}
	}
	for _, s := range t.Settings() { // nobody sets what is of use with Fusion only, and not Fusion
		if (s.Profile == "" || s.Profile == t.Profile) && (strings.HasPrefix(s.Setting.Name, "fusion.") || s.Setting.Name == "k8s.fuseDevicePlugin") {
			return s.Name, true
		}
	}
	return nil, false
}

// privileged says whether Nextflow makes the task pods privileged; at is the setting, or nil for the default, which is true.
// It is not known where another file may say it.
func (t task) privileged() (yes, known bool, at *lint.Node) {
	if n := t.Get("fusion.privileged"); n != nil {
		return n.IsTrue(), n.Known(), n
	}
	_, on := t.fusion()
	return true, on && t.whole(), nil
}

// unprivileged says whether the task pods surely mount through a device plugin.
func (t task) unprivileged() bool {
	yes, known, _ := t.privileged()
	return known && !yes
}

// device is the resource that unprivileged pods ask for, and where it stands (nil for the default).
func (t task) device() (string, *lint.Node) {
	m := t.Get("k8s.fuseDevicePlugin")
	switch {
	case m == nil || m.Kind == lint.Map && len(m.Fields) != 1:
		return defaultDevice, m
	case m.Kind != lint.Map || !m.Fields[0].Key.Known():
		return "", m
	}
	return m.Fields[0].Key.Value, m.Fields[0].Key
}

// mount is the option that mounts something at exactly this path, or nil.
func (t task) mount(path string) *option {
	for i, o := range t.Options {
		if strings.TrimRight(o.Get("mountPath").Text(), "/") == path {
			return &t.Options[i]
		}
	}
	return nil
}

// namespace of the pods, "" where it is not known.
func (t task) namespace() string { return t.Get("k8s.namespace").Text() }

// namespaces are the Namespace objects that the pods are made in.
func (t task) namespaces() []*lint.Object {
	if t.namespace() == "" {
		return nil
	}
	return t.set.Named("Namespace", "", t.namespace())
}

// mode is "Pod" or "Job", or "" where neither the configuration nor the version says it.
func (t task) mode() string {
	if n := t.Get("k8s.computeResourceType"); n != nil {
		if n.Known() && n.Value != "Job" {
			return "Pod" // Nextflow compares with exactly Job
		}
		return n.Text()
	}
	switch version := t.set.NextflowVersion(); {
	case version == "" || !t.whole():
		return ""
	case lint.AtLeast(version, "26.10"):
		return "Job"
	}
	return "Pod"
}

// directive is a process setting outside of selectors, or nil.
func (t task) directive(name string) *lint.Node { return t.Get("process." + name) }

// directives are the settings of a process directive in this view, those of selectors too.
func (t task) directives(name string) []lint.Setting {
	return slices.DeleteFunc(t.Settings(), func(s lint.Setting) bool {
		return s.Setting.Name != "process."+name || s.Profile != "" && s.Profile != t.Profile
	})
}

// head is a container that runs Nextflow in the cluster.
type head struct {
	*lint.Object
	Container *lint.Node
}

// heads are the containers that run Nextflow in the pods' namespace.
func (t task) heads() []head {
	return slices.DeleteFunc(headContainers(t.set), func(h head) bool {
		return h.Namespace != "" && t.namespace() != "" && h.Namespace != t.namespace()
	})
}

func headContainers(set *lint.Setup) []head {
	var out []head
	for _, o := range set.Kind("Pod", "Job", "CronJob", "Deployment", "StatefulSet") {
		for _, c := range o.PodSpec().Get("containers").List() {
			_, image := cutLast(c.Get("image").Text(), "/")
			words := append(c.Get("command").Texts(), c.Get("args").Texts()...)
			if strings.HasPrefix(image, "nextflow:") || image == "nextflow" || slices.ContainsFunc(words, runsNextflow) {
				out = append(out, head{o, c})
			}
		}
	}
	return out
}

func runsNextflow(word string) bool {
	return word == "nextflow" || strings.HasSuffix(word, "/nextflow") || strings.Contains(word, "nextflow run ")
}

func cutLast(s, sep string) (before, after string) {
	i := strings.LastIndex(s, sep)
	return s[:max(i, 0)], s[i+1:]
}

// env is the entry's value, or nil; a value from elsewhere gives its valueFrom.
func (h head) env(name string) *lint.Node {
	e := h.Container.Get("env").Find("name", name)
	if v := e.Get("value"); v != nil {
		return v
	}
	return e.Get("valueFrom")
}

// open says whether the head's environment holds more than what is listed.
func (h head) open() bool { return len(h.Container.Get("envFrom").List()) > 0 }

// setting is the last setting of this name that a view sees outside of selectors, or nil.
func (t task) setting(name string) *nfconfig.Setting { return t.NF.Lookup(t.Profile, name) }
