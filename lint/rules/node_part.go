package rules

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// device is a FUSE resource that a DaemonSet or a DeviceClass of the set-up offers to pods.
type device struct {
	*lint.Object
	Name  string     // extended resource; "" where the files do not show it
	Count int        // devices a node, 0 unknown
	At    *lint.Node // where name or count stand, else the object's name
}

// devices are the FUSE devices that the set-up offers.
func devices(set *lint.Setup) []device {
	var out []device
	for _, o := range set.Kind("DaemonSet") {
		for _, c := range o.PodSpec().Get("containers").List() {
			if d, ok := plugin(set, o, c); ok {
				out = append(out, d)
			}
		}
	}
	for _, o := range set.Kind("DeviceClass") {
		if n := o.Get("spec", "extendedResourceName"); strings.Contains(n.Text(), "fuse") {
			out = append(out, device{o, n.Value, 0, n})
		}
	}
	return out
}

var genericName = regex.Lazy(`["']?name["']?\s*:\s*["']?([\w.-]*fuse[\w.-]*)`)
var genericCount = regex.Lazy(`["']?count["']?\s*:\s*(\d+)`)

// plugin says what a container advertises, if it is a device plugin for FUSE that we know.
func plugin(set *lint.Setup, o *lint.Object, c *lint.Node) (device, bool) {
	d := device{Object: o, At: o.NameNode()}
	image, _, _ := strings.Cut(c.Get("image").Text(), "@")
	_, image = cutLast(image, "/")
	image, _, _ = strings.Cut(image, ":")
	words := arguments(c)
	program := ""
	if len(words) > 0 {
		program = path.Base(words[0].Text())
	}
	switch {
	case program == "fuse-device-plugin" || image == "fuse-device-plugin":
		d.Name, d.Count = defaultDevice, 1000
		if v, n := flag(words, "resource"); n != nil {
			d.Name, d.At = v, n
		}
		if v, n := flag(words, "count"); n != nil {
			d.Count, _ = strconv.Atoi(v)
		}
	case image == "k8s-fuse-plugin":
		d.Name, d.Count = defaultDevice, 100
		if v, n := flag(words, "mounts-allowed"); n != nil {
			d.Count, _ = strconv.Atoi(v)
		}
	case image == "generic-device-plugin":
		return generic(d, words)
	case strings.HasPrefix(image, "smarter-device-man"): // manager, management
		return smarter(set, d)
	default:
		if !strings.Contains(o.Name+image, "fuse") || !mountsHost(o, kubeletPlugins) {
			return d, false
		}
	}
	return d, true
}

const kubeletPlugins = "/var/lib/kubelet/device-plugins"

// generic reads the --device arguments of squat/generic-device-plugin.
func generic(d device, words []*lint.Node) (device, bool) {
	domain := "squat.ai"
	if v, n := flag(words, "domain"); n != nil {
		domain = v
	}
	for _, w := range words {
		m := genericName().FindStringSubmatch(w.Text())
		if m == nil || !strings.Contains(w.Text(), "/dev/fuse") {
			continue
		}
		d.Name, d.Count, d.At = domain+"/"+m[1], 1, w
		if c := genericCount().FindStringSubmatch(w.Text()); c != nil {
			d.Count, _ = strconv.Atoi(c[1])
		}
		return d, true
	}
	return d, false
}

var smarterFuse = regex.Lazy(`devicematch:\s*['"]?\^?fuse\$?['"]?\s*\n\s*nummaxdevices:\s*(\d+)`)

// smarter reads the ConfigMap of the smarter-device-manager.
func smarter(set *lint.Setup, d device) (device, bool) {
	d.Name = "smarter-devices/fuse"
	for _, m := range set.Kind("ConfigMap") {
		data := m.Get("data")
		if data == nil {
			continue
		}
		for _, f := range data.Fields {
			if c := smarterFuse().FindStringSubmatch(f.Value.Text()); c != nil {
				d.Count, _ = strconv.Atoi(c[1])
				return d, true
			}
		}
	}
	return d, true
}

// arguments are the words of a container's command line.
func arguments(c *lint.Node) []*lint.Node {
	return append(slices.Clone(c.Get("command").List()), c.Get("args").List()...)
}

// flag is the value of --name=VALUE or --name VALUE, and the word that holds it, nil where it is absent.
func flag(words []*lint.Node, name string) (string, *lint.Node) {
	for i, w := range words {
		text := strings.TrimPrefix(w.Text(), "-")
		text = strings.TrimPrefix(text, "-")
		if text == w.Text() {
			continue
		}
		if text == name && i+1 < len(words) {
			return words[i+1].Text(), words[i+1]
		}
		if v, ok := strings.CutPrefix(text, name+"="); ok {
			return v, w
		}
	}
	return "", nil
}

// mountsHost says whether a pod of o has a hostPath volume of this directory.
func mountsHost(o *lint.Object, dir string) bool {
	return slices.ContainsFunc(o.PodSpec().Get("volumes").List(), func(v *lint.Node) bool {
		return strings.TrimRight(v.Get("hostPath", "path").Text(), "/") == dir
	})
}

// part is a DaemonSet that tasks cannot do without, and what for.
type part struct {
	*lint.Object
	Role string // "FUSE device plugin", "CSI node service", "runtime installer", "NVMe preparer"
}

// parts are the DaemonSets that these tasks need on their nodes.
func (t task) parts() []part {
	var out []part
	add := func(o *lint.Object, role string) {
		if !slices.ContainsFunc(out, func(p part) bool { return p.Object == o }) {
			out = append(out, part{o, role})
		}
	}
	if t.unprivileged() {
		name, _ := t.device()
		for _, d := range devices(t.set) {
			if d.Kind == "DaemonSet" && (d.Name == name || d.Name == "") {
				add(d.Object, "FUSE device plugin")
			}
		}
	}
	for _, o := range t.Options {
		if driver := o.Get("csi", "driver").Text(); driver != "" {
			for _, ds := range t.set.Kind("DaemonSet") {
				if servesDriver(ds, driver) {
					add(ds, "CSI node service")
				}
			}
		}
		if host := o.Get("hostPath").Text(); host != "" && o.Get("mountPath").Text() == runtimePath {
			for _, ds := range t.set.Kind("DaemonSet") {
				if mountsHost(ds, path.Dir(host)) {
					add(ds, "runtime installer")
				}
			}
		}
	}
	for _, p := range preparers(t.set) {
		add(p.Object, "NVMe preparer")
	}
	return out
}

// servesDriver says whether a DaemonSet runs the node side of a CSI driver.
func servesDriver(o *lint.Object, driver string) bool {
	for _, c := range o.PodSpec().Get("containers").List() {
		for _, name := range [...]string{"driver", "driver-name", "drivername"} {
			if v, _ := flag(arguments(c), name); v == driver {
				return true
			}
		}
	}
	for _, v := range o.PodSpec().Get("volumes").List() {
		if strings.Contains(v.Get("hostPath", "path").Text(), "/plugins/"+driver) {
			return true
		}
	}
	return false
}

// fuseParts are the set-up's DaemonSets that serve tasks, whether or not a configuration is there to ask for them.
func fuseParts(set *lint.Setup) []part {
	var out []part
	for _, d := range devices(set) {
		if d.Kind == "DaemonSet" {
			out = append(out, part{d.Object, "FUSE device plugin"})
		}
	}
	add := func(o *lint.Object, role string) {
		if !slices.ContainsFunc(out, func(p part) bool { return p.Object == o }) {
			out = append(out, part{o, role})
		}
	}
	for _, p := range preparers(set) {
		add(p.Object, "NVMe preparer")
	}
	for _, t := range taskPods(set) {
		for _, p := range t.parts() {
			add(p.Object, p.Role)
		}
	}
	for _, o := range set.Kind("DaemonSet") {
		if servesDriver(o, ownDriver) {
			add(o, "CSI node service")
		}
	}
	return out
}

// ownDriver is the CSI driver of the runtime that fusiongen generates.
const ownDriver = "fusion.fusiongen.dev"
