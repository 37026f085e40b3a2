package gen

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/overlays"
	"github.com/fusiongen/fusiongen/schema"
)

// derivation is a component whose objects carry values of the spec: it adds the base that another spec would have.
type derivation struct {
	name, about string
	base        string                  // what it adds
	label       bool                    // the policies look for the namespace's label
	change      func(*schema.Workspace) // makes the spec that would have the base
}

func derivations() []derivation {
	inject := func(how string) func(*schema.Workspace) {
		return func(ws *schema.Workspace) { ws.Runtime.Inject = how }
	}
	scratch := func(provider string) func(*schema.Workspace) {
		return func(ws *schema.Workspace) { ws.Scratch.Provider, ws.Nodes.Autoscaler = provider, "" }
	}
	return []derivation{
		{"inject-policy", "An admission policy gives task pods /usr/bin/fusion as an image volume", "admission", true, inject("policy")},
		{"inject-init", "An admission policy gives task pods /usr/bin/fusion by an init container", "admission", true, inject("init")},
		{"inject-host", "A daemon puts the runtime on each node, for task pods that mount it from there", "host-runtime", false, inject("host")},
		{"node-volumes", "The CSI service for scratch and runtime volumes", "node-volumes", false, func(ws *schema.Workspace) { ws.Scratch.Volume = "csi" }},
		{"nvme-daemonset", "A daemon makes one file system of a node's NVMe disks", "nvme", false, scratch("daemonset")},
		{"nvme-karpenter", "Karpenter starts nodes with NVMe disks and makes one file system of them", "nvme", false, scratch("karpenter")},
		{"nvme-auto", "EKS Auto Mode starts nodes with NVMe disks", "nvme", false, scratch("auto")},
	}
}

func derived(name string) (derivation, bool) {
	all := derivations()
	i := slices.IndexFunc(all, func(d derivation) bool { return d.name == name })
	if i < 0 {
		return derivation{}, false
	}
	return all[i], true
}

// ComponentNames lists all components: the embedded ones, and those that are made for a spec.
func ComponentNames() []string {
	names := overlays.Names()
	for _, d := range derivations() {
		names = append(names, d.name)
	}
	slices.Sort(names)
	return names
}

// Component is a component's files by path, as it is for this spec.
func Component(ws *schema.Workspace, opts Options, name string) (map[string][]byte, error) {
	return component(newTemplates(), ws, opts, name)
}

func component(t templates, ws *schema.Workspace, opts Options, name string) (map[string][]byte, error) {
	if d, ok := derived(name); ok {
		return d.files(t, ws, opts)
	}
	dir, err := overlays.Component(name)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	err = fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[path], err = fs.ReadFile(dir, path)
		if ws.Consumer == "platform" { // it has a second Role, so that a source has to say which
			out[path] = bytes.ReplaceAll(out[path], []byte("source: {kind: Role, "), []byte("source: {kind: Role, name: "+ws.Identity.Head.ServiceAccount+", "))
		}
		return err
	})
	return out, err
}

func (d derivation) files(t templates, ws *schema.Workspace, opts Options) (map[string][]byte, error) {
	other := *ws
	d.change(&other)
	in := newInput(&other, opts, "")
	made, err := t.render(in, "", nil)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(made.bases[d.base])
	if len(files) == 0 {
		return nil, conflict(ws, d.name, "the node objects of this cluster belong to another workspace or environment (nodes.manage)", "select it where nodes.manage is true")
	}
	if in.System && !newInput(ws, opts, "").System {
		maps.Copy(files, made.bases["system"]) // the first daemon brings the namespace
	}
	out := map[string][]byte{}
	var adds []string
	for _, file := range legacyOrder(files) {
		adds = append(adds, files[file].kind+"/"+files[file].name)
		out[file] = files[file].data
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# %s, for this workspace's image and names.\n# adds: %s\n", d.about, strings.Join(adds, " "))
	if d.label {
		text.WriteString("# changes: Namespace\n")
	}
	text.WriteString("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n")
	for _, file := range legacyOrder(files) {
		text.WriteString("  - " + file + "\n")
	}
	if d.label {
		fmt.Fprintf(&text, namespaceLabel, other.Runtime.Inject)
	}
	out["kustomization.yaml"] = []byte(text.String())
	return out, nil
}

const namespaceLabel = `patches:
  - target: {kind: Namespace, labelSelector: fusiongen.dev/workspace}
    patch: |
      - op: add
        path: /metadata/labels/fusiongen.dev~1inject
        value: %s
`

// addComponents writes the components that a spec selects. One that the tree has as a base already is refused.
func (b *builder) addComponents(t templates, dir string, ws *schema.Workspace, own *rendering) ([]string, error) {
	var paths []string
	for _, name := range ws.Components {
		if d, ok := derived(name); ok {
			if len(own.bases[d.base]) > 0 {
				return nil, conflict(ws, name, "the tree holds base/"+d.base+" already", "leave the component out, or change what the spec selects (runtime.inject, scratch)")
			}
			if inject, _ := Injection(ws); strings.HasPrefix(name, "inject-") && inject != "baked" && inject != "wave" {
				return nil, conflict(ws, name, "the runtime comes by "+inject+" already, and a second mount at "+MountPath+" is refused by the API server", "set runtime.inject instead")
			}
		}
		files, err := component(t, ws, b.opts, name)
		if err != nil {
			return nil, err
		}
		for path, data := range files {
			b.tree.add(dir+"components/"+name+"/"+path, data)
		}
		paths = append(paths, "components/"+name)
	}
	return paths, nil
}

func conflict(ws *schema.Workspace, name, message, hint string) error {
	return schema.Diagnostics{{Pos: ws.Source.Pos("components"), Path: "components", Message: name + ": " + message, Hint: hint}}
}
