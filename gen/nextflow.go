package gen

import (
	"maps"
	"slices"
	"strconv"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// plainName matches a profile name that needs no quotes.
var plainName = regex.Lazy(`^[a-z][a-z0-9]*$`)

// addConfig leaves out what Platform launches: it gets its options from the compute environment.
func addConfig(b *builder) error {
	units := slices.DeleteFunc(slices.Clone(b.units()), func(u schema.Environment) bool { return u.Workspace.Consumer == "platform" })
	if len(units) > 0 {
		b.tree.add("nextflow.config", []byte(b.config(units)))
	}
	return nil
}

// config is the text of nextflow.config for some units: the workspace at top level, or a profile for each environment.
func (b *builder) config(units []schema.Environment) string {
	head := "// Written by fusiongen from " + b.source() + ". Change the spec, not this file.\n\n"
	if len(b.ws.Environments) == 0 {
		return head + printSettings(settings(b.ws, ""))
	}
	profiles := setting{name: "profiles"}
	for _, e := range units {
		name := e.Name
		if !plainName().MatchString(name) {
			name = text(name)
		}
		profiles.block = append(profiles.block, setting{name: name, block: settings(e.Workspace, "        ")})
	}
	return head + printSettings([]setting{profiles})
}

// settings are what one workspace needs; indent is where its blocks stand.
func settings(ws *schema.Workspace, indent string) []setting {
	out := []setting{
		{name: "workDir", value: text(ws.Storage.Work)},
		{name: "process", block: []setting{{name: "executor", value: text("k8s")}}},
		{name: "aws", block: awsSettings(ws)},
		{name: "k8s", block: k8sSettings(ws, indent+"    ")},
		{name: "fusion", block: fusionSettings(ws)},
	}
	if ws.Runtime.Mode == "seqera" {
		out = append(out, setting{name: "wave", note: "The token comes from TOWER_ACCESS_TOKEN in the head's environment; it never stands here.",
			block: []setting{{name: "enabled", value: "true"}}})
	}
	return out
}

func awsSettings(ws *schema.Workspace) []setting {
	out := []setting{{name: "region", value: text(ws.Storage.Region)}}
	if ws.Storage.KMS != "" {
		out = append(out, setting{name: "client", block: []setting{
			{name: "storageEncryption", value: text("aws:kms")}, {name: "storageKmsKeyId", value: text(ws.Storage.KMS)}}})
	}
	return out
}

func k8sSettings(ws *schema.Workspace, indent string) []setting {
	out := []setting{
		{name: "namespace", value: text(ws.Name)},
		{name: "serviceAccount", value: text(ws.Identity.Task.ServiceAccount)},
		{name: "computeResourceType", value: text(ws.Nextflow.Compute), note: "The default of this option changed with Nextflow 26.10; the Role fits this value."},
	}
	if !ws.Runtime.Privileged {
		device := setting{name: "fuseDevicePlugin", value: mapping(pair{ws.Fuse.Resource, "1"})}
		if ws.Fuse.Provider == "existing" {
			device.note = "fusiongen:ignore FG302 the device plugin is in the cluster already, and not of this tree"
		}
		out = append(out, device)
	}
	if ws.Nextflow.Head == "workstation" {
		out = append(out, setting{name: "client", note: "Nextflow does not read the exec users of EKS kubeconfigs; README.md says how to make the two files.",
			block: []setting{
				{name: "server", value: text(ws.Cluster.Endpoint)},
				{name: "tokenFile", value: text(tokenFile(ws))},
				{name: "sslCertFile", value: text(caFile(ws))},
			}})
	}
	pod := setting{name: "pod", value: list(podOptions(ws), indent)}
	switch inject, _ := Injection(ws); { // the node's service could bring the runtime, too
	case !nodeVolumes(ws, inject):
	case inject == "baked":
		pod.note = "fusiongen:ignore FG326 the tasks' images hold the runtime; the CSI service gives them /tmp"
	case inject == "wave" && ws.Consumer == "platform":
		pod.note = "fusiongen:ignore FG326 Wave adds the runtime, as the compute environment says; the CSI service gives the tasks /tmp"
	}
	return append(out, pod)
}

// tokenFile and caFile lie beside nextflow.config; they are made by the commands of the tree's README.
func tokenFile(ws *schema.Workspace) string { return ws.Name + ".token" }
func caFile(ws *schema.Workspace) string    { return ws.Name + ".crt" }

// podOptions are the k8s.pod entries, one kind of option each: Nextflow drops a second kind in one entry silently.
func podOptions(ws *schema.Workspace) []string {
	out := []string{mapping(pair{"automountServiceAccountToken", "false"})}
	mount := func(path string, p pair) { out = append(out, mapping(p, pair{"mountPath", text(path)})) }
	if ws.Runtime.Mode == "open" {
		mount("/fusion", pair{"emptyDir", "[:]"}) // a non-root task could not make the mount point
	}
	switch inject, _ := Injection(ws); inject {
	case "csi":
		mount(MountPath, pair{"csi", mapping(pair{"driver", text(CSIDriver)}, pair{"readOnly", "true"}, pair{"volumeAttributes", mapping(pair{"type", text("runtime")})})})
	case "host":
		mount(MountPath, pair{"hostPath", text(HostPath + "/fusion")})
	}
	switch ws.Scratch.Volume {
	case "csi":
		attributes := []pair{{"type", text("scratch")}}
		if ws.Scratch.Size != "" {
			attributes = append(attributes, pair{"size", text(ws.Scratch.Size)})
			if ws.Scratch.Provider != "daemonset" {
				// Only our own preparer mounts with project quotas; elsewhere the size is a promise of room, not a limit.
				attributes = append(attributes, pair{"enforce", text("false")})
			}
		}
		mount("/tmp", pair{"csi", mapping(pair{"driver", text(CSIDriver)}, pair{"volumeAttributes", mapping(attributes...)})})
	case "hostPath":
		mount("/tmp", pair{"hostPath", text(scratchPath(ws))})
	default:
		size := "[:]"
		if ws.Scratch.Size != "" {
			size = mapping(pair{"sizeLimit", text(ws.Scratch.Size)})
		}
		mount("/tmp", pair{"emptyDir", size})
	}
	if len(ws.Nodes.Selector) > 0 {
		var pairs []pair
		for _, key := range slices.Sorted(maps.Keys(ws.Nodes.Selector)) {
			pairs = append(pairs, pair{key, text(ws.Nodes.Selector[key])})
		}
		out = append(out, mapping(pair{"nodeSelector", mapping(pairs...)}))
	}
	for _, t := range ws.Nodes.Tolerations {
		var pairs []pair
		for _, p := range []pair{{"key", t.Key}, {"operator", t.Operator}, {"value", t.Value}, {"effect", t.Effect}} {
			if p.value != "" {
				pairs = append(pairs, pair{p.key, text(p.value)})
			}
		}
		out = append(out, mapping(pair{"toleration", mapping(pairs...)}))
	}
	if ws.Nodes.Autoscaler == "karpenter" || ws.Nodes.Autoscaler == "auto" || ws.Nodes.OS == "auto" {
		out = append(out, mapping(pair{"annotation", text("karpenter.sh/do-not-disrupt")}, pair{"value", text("true")}))
	}
	return out
}

func fusionSettings(ws *schema.Workspace) []setting {
	out := []setting{{name: "privileged", value: strconv.FormatBool(ws.Runtime.Privileged)}}
	if ws.Runtime.Mode == "seqera" {
		out = append([]setting{{name: "enabled", value: "true"}}, out...)
	} else {
		out[0].note = "Open mode: FUSION_ENABLED=true in the head's environment switches the runtime on; fusion.enabled would ask for Wave and a token."
	}
	if size := ws.Runtime.CacheSize; size != "" {
		out = append(out, setting{name: "cacheSize", value: text(memory(size))})
	}
	return out
}
