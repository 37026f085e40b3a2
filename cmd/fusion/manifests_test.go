package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/csi"
	"github.com/fusiongen/fusiongen/fuseimage/nvme"
	"github.com/fusiongen/fusiongen/fuseimage/plugin"
	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"sigs.k8s.io/yaml"
)

// A container is what the tests read of a generated DaemonSet.
type container struct {
	Command, Args []string
	Ports         []struct{ ContainerPort int }
	VolumeMounts  []struct{ Name, MountPath, MountPropagation string }
}

type daemonSet struct {
	Kind string
	Spec struct {
		Template struct {
			Spec struct {
				Containers  []container
				Tolerations []map[string]string
				Volumes     []struct {
					Name     string
					HostPath struct{ Path, Type string }
				}
			}
		}
	}
}

// build makes the tree of an example.
func build(t *testing.T, example string) *gen.Tree {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../examples", example))
	if err != nil {
		t.Fatal(err)
	}
	ws, err := schema.Load(example, data)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := gen.Build(ws, gen.Options{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// daemons returns the DaemonSets of an example by the program that they run.
func daemons(t *testing.T, example string) map[string]daemonSet {
	t.Helper()
	out := map[string]daemonSet{}
	for _, f := range build(t, example).Files() {
		if filepath.Base(f.Path) != "daemon-set.yaml" {
			continue
		}
		var d daemonSet
		if err := yaml.Unmarshal(f.Data, &d); err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(d.Spec.Template.Spec.Containers[0].Command[0])] = d
	}
	return out
}

// flagValue is the value of --name among args.
func flagValue(args []string, name string) string {
	for _, a := range args {
		if value, is := strings.CutPrefix(a, "--"+name+"="); is {
			return value
		}
	}
	return ""
}

// TestManifestFlags: each program of the image takes the arguments that the manifests give it. An argument that
// comes after them and does not exist is the first thing that it complains about.
func TestManifestFlags(t *testing.T) {
	seen := map[string]bool{}
	for _, example := range []string{"minimal.cue", "daemonset.cue", "restricted.cue", "karpenter.cue"} {
		for name, d := range daemons(t, example) {
			i := slices.IndexFunc(programs(), func(p program) bool { return p.name == name })
			if i < 0 || name == "fusion" {
				continue
			}
			seen[name] = true
			var stderr bytes.Buffer
			args := append(slices.Clone(d.Spec.Template.Spec.Containers[0].Args), "--no-such-flag")
			code := programs()[i].run(context.Background(), args, Streams{Out: &bytes.Buffer{}, Err: &stderr})
			if code != 1 || !strings.HasPrefix(stderr.String(), "flag provided but not defined: -no-such-flag") {
				t.Errorf("%s of %s: exit code %d, %s", name, example, code, stderr.String())
			}
		}
	}
	for _, p := range []string{"fuse-device-plugin", "fusion-node", "nvme-prep"} {
		if !seen[p] {
			t.Errorf("no example runs %s", p)
		}
	}
}

// TestDP17OneResourceName: the name that the plugin offers is the one that every other document asks for.
func TestDP17OneResourceName(t *testing.T) {
	for _, example := range []string{"minimal.cue", "karpenter.cue"} {
		args := daemons(t, example)["fuse-device-plugin"].Spec.Template.Spec.Containers[0].Args
		resource := flagValue(args, "resource")
		if resource != plugin.Resource {
			t.Errorf("%s: --resource=%s, the plugin's default is %s", example, resource, plugin.Resource)
		}
		for _, f := range build(t, example).Files() {
			text := string(f.Data)
			switch filepath.Base(f.Path) {
			case "nextflow.config":
				if !strings.Contains(text, "fuseDevicePlugin = ['"+resource+"': 1]") {
					t.Errorf("%s: %s does not ask for %s", example, f.Path, resource)
				}
			case "node-overlay.yaml":
				if !strings.Contains(text, resource+`: "`+flagValue(args, "count")+`"`) {
					t.Errorf("%s: %s does not offer %s", example, f.Path, resource)
				}
			case "asg-tags.json":
				if !strings.Contains(text, "node-template/resources/"+resource) {
					t.Errorf("%s: %s does not offer %s", example, f.Path, resource)
				}
			}
		}
	}
}

// TestNV42ToleratesItsOwnTaint: whoever takes a taint off must be let in by it, and so must whoever the node needs to
// become ready.
func TestNV42ToleratesItsOwnTaint(t *testing.T) {
	for name, d := range daemons(t, "daemonset.cue") {
		if got := d.Spec.Template.Spec.Tolerations; len(got) != 1 || len(got[0]) != 1 || got[0]["operator"] != "Exists" {
			t.Errorf("%s tolerates %v, want everything", name, got)
		}
	}
}

// TestSharedConstants: what the generator and the runtime both know by heart is the same.
func TestSharedConstants(t *testing.T) {
	prep := daemons(t, "daemonset.cue")["nvme-prep"].Spec.Template.Spec.Containers[0].Args
	plug, node := daemons(t, "minimal.cue")["fuse-device-plugin"], daemons(t, "restricted.cue")["fusion-node"]
	for what, pair := range map[string][2]string{
		"driver":                {flagValue(node.Spec.Template.Spec.Containers[0].Args, "driver"), csi.Name},
		"driver of the pods":    {gen.CSIDriver, csi.Name},
		"taint":                 {flagValue(prep, "taint"), nvme.Taint},
		"taint of the policy":   {gen.ReadinessTaint, nvme.Taint},
		"mount":                 {flagValue(prep, "mount"), nvme.Mount},
		"mount of the pods":     {gen.NVMeMount, nvme.Mount},
		"preparer's port":       {flagValue(prep, "listen"), nvme.Listen},
		"plugin's port":         {flagValue(plug.Spec.Template.Spec.Containers[0].Args, "listen"), plugin.Listen},
		"node's port":           {flagValue(node.Spec.Template.Spec.Containers[0].Args, "listen"), csi.Listen},
		"plugin directory":      {plug.Spec.Template.Spec.Volumes[0].HostPath.Path, plugin.Directory},
		"plugin directory seen": {plug.Spec.Template.Spec.Containers[0].VolumeMounts[0].MountPath, plugin.Directory},
		"device":                {plug.Spec.Template.Spec.Volumes[1].HostPath.Path, plugin.DevicePath},
		"device seen":           {plug.Spec.Template.Spec.Containers[0].VolumeMounts[1].MountPath, filepath.Join(flagValue(plug.Spec.Template.Spec.Containers[0].Args, "dev"), "fuse")},
		"kubelet directory":     {node.Spec.Template.Spec.Volumes[0].HostPath.Path, csi.Kubelet},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the manifest says %q, the program %q", what, pair[0], pair[1])
		}
	}
}
