package rules

import (
	"path"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var pluginDirectory = lint.Rule{
	ID: "FG322", Slug: "plugin-directory", Severity: lint.Error, Since: "0.1",
	Summary: "a device plugin cannot reach kubelet: the directory of its sockets is not mounted, or not for its user",
	Check:   checkPluginDirectory,
}

func checkPluginDirectory(set *lint.Setup, report *lint.Reporter) {
	seen := map[*lint.Object]bool{}
	for _, d := range devices(set) {
		if d.Kind != "DaemonSet" || seen[d.Object] {
			continue
		}
		seen[d.Object] = true
		spec := d.PodSpec()
		volume, mounted := kubeletMount(spec)
		const lost = "kubelet never learns of the devices and every task stays Pending"
		switch {
		case mounted == nil && volume == nil:
			report.At(d.NameNode(), "mount the host path "+kubeletPlugins+" at the same path", "the plugin %s does not mount %s: %s", d.Name, kubeletPlugins, lost)
		case mounted == nil:
			report.At(volume, "mount it at "+kubeletPlugins, "no container mounts %s at its own path: %s", kubeletPlugins, lost)
		case strings.HasSuffix(volume.Text(), ".sock"):
			report.At(volume, "mount the directory "+kubeletPlugins, "a socket file is mounted, and kubelet makes a new one when it restarts: then the plugin talks to a dead one, and new tasks stay Pending")
		}
		if user := nonRootUser(spec); user != nil && mounted != nil {
			report.At(user, "set runAsUser: 0 (with all capabilities dropped)", "%s belongs to root with mode 0750, so a plugin of another user cannot make its socket there: %s", kubeletPlugins, lost)
		}
	}
}

// kubeletMount is the host path of the plugins' directory (or of a socket in it) and where a container mounts it.
func kubeletMount(spec *lint.Node) (volume, mounted *lint.Node) {
	for _, v := range spec.Get("volumes").List() {
		host := v.Get("hostPath", "path")
		clean := path.Clean("/" + host.Text())
		if host.Text() == "" || !within(clean, kubeletPlugins) {
			continue
		}
		volume = host
		for _, c := range spec.Get("containers").List() {
			if m := c.Get("volumeMounts").Find("name", v.Get("name").Text()); m != nil && within(path.Clean("/"+m.Get("mountPath").Text()), kubeletPlugins) {
				return host, m
			}
		}
	}
	return volume, nil
}

// within says whether one of two clean paths holds the other.
func within(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// nonRootUser is where the first container, or its pod, is given a user other than root; nil where it is not.
func nonRootUser(spec *lint.Node) *lint.Node {
	containers := spec.Get("containers").List()
	if len(containers) == 0 {
		return nil
	}
	for _, context := range []*lint.Node{containers[0].Get("securityContext"), spec.Get("securityContext")} {
		if n := context.Get("runAsUser"); n.Known() {
			if n.Value == "0" {
				return nil
			}
			return n
		}
		if n := context.Get("runAsNonRoot"); n.IsTrue() {
			return n
		}
	}
	return nil
}
